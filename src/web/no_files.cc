#include "web/files.h"

#ifdef BARRACUDA_NO_DESK
namespace barracuda::web {
std::span<const File> Files() { return {}; }
}  // namespace barracuda::web
#endif
