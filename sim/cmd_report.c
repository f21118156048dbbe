/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim report: an experiment's page once more, from its files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
static int write_page(const struct daf_study *s, const char *path)
{
    size_t len = 0;
    char why[DAF_FILE_WHY_BYTES];
    bool is_stdout = strcmp(path, "-") == 0;

    char *html = daf_page_html(s, &len);
    if (html == NULL) return failed(daf_err_str(DAF_ENOMEM));
    FILE *f = is_stdout ? stdout : fopen(path, "we");
    bool is_good = f != NULL && fwrite(html, 1, len, f) == len;
    if (f != NULL && !is_stdout && fclose(f) != 0) is_good = false;
    free(html);
    /* Standard output is looked at when the program ends. */
    if (is_good || is_stdout) return DAF_SIM_EXIT_DONE;
    (void)snprintf(why, sizeof why, "%.4000s: %s", path, strerror(errno));
    return failed(why);
}
/* NOLINTEND(concurrency-mt-unsafe) */

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
        code = write_page(&study, out);
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
