/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Room for the largest input and one byte more, which the kernel gives page by
 * page as it is written: small inputs cost little. */
#define INPUT_BYTES (DAF_CMD_ACCEPT_BYTES_MAX + 1)

static int read_whole(const char *path, uint8_t *out, size_t *out_len)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int error = 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    *out_len = 0;
    if (fd < 0) return errno;
    while (*out_len < INPUT_BYTES) {
        ssize_t n = read(fd, out + *out_len, INPUT_BYTES - *out_len);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) error = errno;
        if (n <= 0) break;
        *out_len += (size_t)n;
    }
    if (!is_stdin) (void)close(fd);
    return error;
}

static enum daf_exit show(struct daf_view bytes)
{
    struct daf_inspect_fault fault = {DAF_CMD_ACCEPT_BYTES_MAX,
                                      "longer than 8 MiB"};
    enum daf_err err = DAF_ELIMIT;

    if (bytes.len < INPUT_BYTES) err = daf_inspect(bytes, stdout, &fault);
    if (err == DAF_OK) return DAF_EXIT_DONE;
    daf_cmd_print(json_pack("{s:s,s:I}", "error",
                            fault.what != NULL ? fault.what : daf_err_str(err),
                            "offset", (json_int_t)fault.offset));
    return DAF_EXIT_FAILED;
}

enum daf_exit daf_cmd_inspect(const struct daf_cmd *cmd)
{
    struct daf_cmd as_json = *cmd;
    uint8_t *input = malloc(INPUT_BYTES);
    struct daf_trouble t;
    enum daf_exit code;
    size_t len = 0;
    int error;

    as_json.json = true; /* always */
    if (input == NULL) return daf_cmd_fail(&as_json, DAF_ENOMEM, NULL);
    error = read_whole(cmd->args[0], input, &len);
    if (error == 0) {
        code = show((struct daf_view){input, len});
    } else {
        const char *why = strerrordesc_np(error);

        daf_home_trouble(&t,
                         "cannot read %s: %s. To do: check the name and "
                         "whether you may read it",
                         cmd->args[0], why != NULL ? why : "unknown error");
        code = daf_cmd_fail(&as_json, DAF_EIO, &t);
    }
    sodium_memzero(input, len);
    free(input);
    return code;
}
