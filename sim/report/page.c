/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/page.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/file.h"
#include "sim/report/html.h"
#include "sim/report/page_impl.h"

/* A browser runs and applies only what has one of these hashes, and loads nothing:
 * what somebody smuggled in by a name would stay words. */
static void put_hash(FILE *f, const char *text)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char words[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES,
                                         sodium_base64_VARIANT_ORIGINAL)];

    crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    sodium_bin2base64(words, sizeof words, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL);
    (void)fprintf(f, "'sha256-%s'", words);
}

static void put_head(FILE *f, const char *name)
{
    (void)fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta "
                "charset=\"utf-8\">\n<meta "
                "http-equiv=\"Content-Security-Policy\" content=\"default-src "
                "'none'; script-src ",
                f);
    put_hash(f, daf_page_script);
    (void)fputs("; style-src ", f);
    put_hash(f, daf_page_style);
    (void)fputs("; base-uri 'none'; form-action 'none'\">\n<meta "
                "name=\"viewport\" content=\"width=device-width, "
                "initial-scale=1\">\n<title>",
                f);
    daf_html_text(f, name);
    (void)fprintf(f,
                  " - daftar-sim</title>\n<style>%s</style>\n</head>\n<body>\n",
                  daf_page_style);
}

static enum daf_err put_page(FILE *f, const struct daf_study *s)
{
    const char *name = json_string_value(json_object_get(s->about, "name"));

    const char *what = json_string_value(
        json_object_get(json_object_get(s->about, "options"), "what"));

    if (name == NULL) name = "";
    put_head(f, name);
    (void)fputs("<header><h1>", f);
    daf_html_text(f, name);
    (void)fputs("</h1>\n<p>", f);
    daf_html_text(f, what == NULL ? "" : what);
    (void)fprintf(f,
                  "</p>\n<p>daftar-sim: %zu protocol%s, %zu of %zu runs "
                  "finished</p></header>\n<main>\n",
                  s->protocols_count, s->protocols_count == 1 ? "" : "s",
                  s->runs_count, s->planned);
    daf_page_asked(f, s);
    daf_page_means(f, s);
    daf_page_differences(f, s);
    enum daf_err err = daf_page_charts(f, s);
    daf_page_contacts(f, s);
    daf_page_words(f);
    (void)fputs("</main>\n", f);
    (void)fputs("</body>\n</html>\n", f);
    return err;
}

char *daf_page_html(const struct daf_study *s, size_t *out_len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, out_len);

    if (f == NULL) return NULL;
    enum daf_err err = put_page(f, s);
    if (fclose(f) == 0 && err == DAF_OK) return text;
    free(text);
    return NULL;
}

enum daf_err daf_page_write(const struct daf_study *s, const char *dir,
                            char *why)
{
    size_t len = 0;
    char *html = daf_page_html(s, &len);

    if (html == NULL) return DAF_ENOMEM;
    enum daf_err err = daf_file_text(dir, "report.html", html, len, why);
    free(html);
    return err;
}
