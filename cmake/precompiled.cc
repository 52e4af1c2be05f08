// Nothing: CMake wants a source to compile the precompiled header for (precompiled.cmake).
