/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim report: an experiment's page once more, from its files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/commands.h"
#include "sim/progress.h"
#include "sim/report/file.h"
#include "sim/report/page.h"
#include "sim/report/summary.h"
#include "sim/say.h"

static const char help[] =
    "usage: daftar-sim report FOLDER [--out FILE]\n"
    "\n"
    "Make summary.json, summary.csv and report.html of an experiment's FOLDER "
    "again,\n"
    "from the runs that have finished there; or only the page, as FILE.\n"
    "\n"
    "  --out FILE        - is the standard output\n";

enum wish_option {
    OPT_OUT = 256,
    OPT_HELP,
};
static const struct option options[] = {
    {"out", required_argument, NULL, OPT_OUT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int failed(const char *why)
{
    daf_say("daftar-sim report: %s", why);
    return DAF_SIM_EXIT_FAILED;
}

/* What is no file is written to as it is: a rename would take a device's place. */
static bool is_stream(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
static enum daf_err write_stream(const char *path, const char *html, size_t len,
                                 char *why)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *f = is_stdout ? stdout : fopen(path, "we");
    bool is_good = f != NULL && fwrite(html, 1, len, f) == len;

    if (f != NULL && !is_stdout && fclose(f) != 0) is_good = false;
    /* Standard output is looked at when the program ends. */
    if (is_good || is_stdout) return DAF_OK;
    (void)snprintf(why, DAF_FILE_WHY_BYTES, "%.4000s: %s", path,
                   strerror(errno));
    return DAF_EIO;
}
/* NOLINTEND(concurrency-mt-unsafe) */

static enum daf_err write_page(const struct daf_study *s, const char *path,
                               char *why)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char dir[DAF_FILE_PATH_BYTES] = ".";
    size_t len = 0;
    char *html = daf_page_html(s, &len);
    enum daf_err err;

    if (html == NULL) return DAF_ENOMEM;
    if (slash != NULL)
        (void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    if (strcmp(path, "-") == 0 || is_stream(path))
        err = write_stream(path, html, len, why);
    else
        err = daf_file_text(dir, name, html, len, why);
    free(html);
    return err;
}

static int report(const char *dir, const char *out)
{
    struct daf_study study = {.planned = 0};
    char why[DAF_FILE_WHY_BYTES];
    int code = DAF_SIM_EXIT_DONE;

    daf_progress_catch_at_once();
    enum daf_err err = daf_study_load(&study, dir, why);
    if (err == DAF_OK && study.runs_count == 0) {
        (void)snprintf(why, sizeof why,
                       "no run has finished in %.3000s; daftar-sim run "
                       "--resume goes on there",
                       dir);
        err = DAF_ENOTFOUND;
    }
    if (err == DAF_OK && out == NULL) {
        err = daf_summary_write(&study, dir, why);
        if (err == DAF_OK) err = daf_page_write(&study, dir, why);
    } else if (err == DAF_OK) {
        err = write_page(&study, out, why);
    }
    if (err != DAF_OK) code = failed(why[0] != '\0' ? why : daf_err_str(err));
    daf_study_clear(&study);
    return code;
}

int daf_cmd_report(int argc, char **argv)
{
    const char *out = NULL;
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?') return daf_say_option("report", argv);
        out = optarg;
    }
    if (optind + 1 == argc) return report(argv[optind], out);
    (void)fputs(optind == argc
                    ? "daftar-sim report: of which folder? --help tells\n"
                    : "daftar-sim report: one folder; --help tells\n",
                stderr);
    return DAF_SIM_EXIT_USAGE;
}
