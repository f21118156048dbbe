#include "node/web.h"
int daf_web_main(int fd)
{
    (void)fd;
    return 0;
}
