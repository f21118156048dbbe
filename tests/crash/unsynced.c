/* SPDX-License-Identifier: Apache-2.0 */
/* For the program that must be seen to lose: linked with --wrap=fdatasync, every
 * call of fdatasync() ends here. */
/* The linker chose the name.  NOLINTNEXTLINE(readability-identifier-naming) */
int __wrap_fdatasync(int fd);

int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}
