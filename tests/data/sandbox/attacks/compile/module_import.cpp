// Imports a file of the host as a header unit and as a module.
import "@CANARY@";
int main() {}
