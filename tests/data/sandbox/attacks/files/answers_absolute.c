// Opens a file of the host by its absolute path.
// control
#include <stdio.h>
int main(void) {
  char text[200] = "";
  FILE* file = fopen("@CANARY@", "r");
  if (file && fgets(text, sizeof text, file)) puts(text);
}
