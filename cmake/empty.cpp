// Carries a precompiled header; CMake wants each library to have a source.
