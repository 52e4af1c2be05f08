#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace barracuda {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(File, ClosesItself) {
    int fd = -1;
    {
        const File file(open("/dev/null", O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(file);
        fd = file.fd();
        EXPECT_TRUE(IsOpen(fd));
    }
    EXPECT_FALSE(IsOpen(fd));
    EXPECT_FALSE(File(open("/dev/null/none", O_RDONLY)));
}

TEST(File, IsClosedOnceWhenMoved) {
    File to;
    {
        File from(open("/dev/null", O_RDONLY | O_CLOEXEC));
        to = std::move(from);
    }
    EXPECT_TRUE(to && IsOpen(to.fd()));
    const int fd = to.fd();
    File last(std::move(to));
    EXPECT_EQ(last.fd(), fd);
    EXPECT_FALSE(to);
}

}  // namespace
}  // namespace barracuda
