#include "app/command_line.h"

int main(int argc, char** argv) { return barracuda::app::Main(argc, argv); }
