#include "app/command_line.h"
#include "store/mongo/mongo_client.h"

int main(int argc, char** argv) {
    barracuda::store::UnlinkMongoCounters();
    return barracuda::app::Main(argc, argv);
}
