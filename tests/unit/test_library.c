/* SPDX-License-Identifier: Apache-2.0 */
/* The sample library as it was built, and the generator's answers to mistakes.
 * A web process shows it under a policy without scripts and styles, so what a
 * page may hold is checked tag by tag. */
#include "tests/lib/t.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sidecar.h"
#include "tests/lib/tmpdir.h"

#define LIBRARY     DAF_BINARY_DIR "/share/library"
#define LIBRARY_MAX 2000000
#define SOURCE      DAF_SOURCE_DIR "/node/library"

static const char *const lessons[] = {"letters", "counting", "hand-washing",
                                      "story",   "map",      "quiz"};
static const char *const languages[] = {"en", "ar"};
static const char *const directions[] = {"ltr", "rtl"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char path[4096]; /* of the last file() */

/* A file's path; good until the next. */
static const char *file(const char *lesson, const char *name)
{
    (void)snprintf(path, sizeof(path), LIBRARY "/%s/%s", lesson, name);
    return path;
}

/* A whole file, ended by NUL; the caller frees it. */
static char *bytes_of(const char *from, size_t *len)
{
    FILE *f = fopen(from, "rb");
    char *bytes = calloc(1, LIBRARY_MAX + 1);

    if (f == NULL) fail_msg("%s is not there", from);
    assert_non_null(bytes);
    *len = fread(bytes, 1, LIBRARY_MAX, f);
    (void)fclose(f);
    return bytes;
}

/* ---- markup: tags balance, and each tag and attribute is shown to @see */

struct markup {
    const char *lesson, *name; /* of the file */
    char open[32][16];         /* tags that were not closed yet */
    size_t depth;
    unsigned figures, steps, headings, rows, links;
    bool has_title;
    bool is_svg;
};

static bool is_void(const char *tag)
{
    return strcmp(tag, "img") == 0 || strcmp(tag, "meta") == 0 ||
           strcmp(tag, "link") == 0;
}

static void wrong(const struct markup *m, const char *what, const char *at)
{
    fail_msg("%s/%s: %s: %.60s", m->lesson, m->name, what, at);
}

/* In this folder, without a way out of it, and there. */
static void leads_to_a_file(struct markup *m, const char *to)
{
    if (strchr(to, ':') != NULL || strstr(to, "..") != NULL || to[0] == '/')
        wrong(m, "leads outside", to);
    if (access(file(m->lesson, to), R_OK) != 0) wrong(m, "leads nowhere", to);
    m->links++;
}

static void see_attribute(struct markup *m, const char *tag, const char *name,
                          const char *value)
{
    if (strcmp(name, "style") == 0 || strncmp(name, "on", 2) == 0)
        wrong(m, "the policy forbids this attribute", name);
    if (strstr(value, "javascript:") != NULL || strstr(value, "data:") != NULL)
        wrong(m, "the policy forbids this value", value);
    if (m->is_svg) {
        if (strstr(name, "href") != NULL && value[0] != '#')
            wrong(m, "leads outside", value);
        if (strstr(value, "url(") != NULL && strncmp(value, "url(#", 5) != 0)
            wrong(m, "leads outside", value);
    } else if (strcmp(name, "src") == 0 || strcmp(name, "href") == 0) {
        leads_to_a_file(m, value);
    }
    if (strcmp(tag, "ol") == 0 || strcmp(tag, "ul") == 0) m->rows++;
}

static void see_tag(struct markup *m, const char *tag)
{
    static const char *const forbidden[] = {"script", "style",         "iframe",
                                            "object", "embed",         "form",
                                            "base",   "image",         "video",
                                            "audio",  "foreignObject", "a"};

    for (size_t i = 0; i < COUNT(forbidden) - !m->is_svg; i++)
        if (strcmp(tag, forbidden[i]) == 0) wrong(m, "not allowed", tag);
    m->figures += strcmp(tag, "figure") == 0;
    m->headings += strcmp(tag, "h2") == 0;
    m->has_title = m->has_title || strcmp(tag, "title") == 0;
    m->steps += strcmp(tag, "li") == 0 && m->depth > 0 &&
                strcmp(m->open[m->depth - 1], "ol") == 0;
}

/* After "<tag": attributes up to ">", each name="value". */
static const char *see_attributes(struct markup *m, const char *tag,
                                  const char *s, bool *closed)
{
    char name[32], value[2048];
    int used;

    for (;;) {
        s += strspn(s, " \n");
        if (s[0] == '>') return s + 1;
        if (s[0] == '/' && s[1] == '>') {
            *closed = true;
            return s + 2;
        }
        used = 0;
        if (sscanf(s, "%31[a-zA-Z0-9:-]=\"%n", name, &used) != 1 || used == 0) {
            /* audio's "controls"; none in lessons */
            wrong(m, "not an attribute", s);
        }
        s += used;
        used = (int)strcspn(s, "\"<>");
        if (s[used] != '"' || used >= (int)sizeof(value))
            wrong(m, "a value without its end", s);
        memcpy(value, s, (size_t)used);
        value[used] = '\0';
        see_attribute(m, tag, name, value);
        s += used + 1;
    }
}

static const char *read_tag(struct markup *m, const char *s)
{
    char tag[16];
    bool closed = false;
    int used = 0;

    if (sscanf(s, "</%15[a-zA-Z0-9]>%n", tag, &used) == 1 && used > 0) {
        if (m->depth == 0 || strcmp(m->open[m->depth - 1], tag) != 0)
            wrong(m, "closes what is not open", s);
        m->depth--;
        return s + used;
    }
    if (sscanf(s, "<%15[a-zA-Z0-9]%n", tag, &used) != 1 || used == 0)
        wrong(m, "not a tag", s);
    see_tag(m, tag);
    s = see_attributes(m, tag, s + used, &closed);
    if (closed || (!m->is_svg && is_void(tag))) return s;
    if (m->depth == COUNT(m->open)) wrong(m, "too deep", s);
    (void)snprintf(m->open[m->depth++], sizeof(tag), "%s", tag);
    return s;
}

static void read_entity(const struct markup *m, const char *s)
{
    if (strncmp(s, "&amp;", 5) != 0 && strncmp(s, "&lt;", 4) != 0 &&
        strncmp(s, "&gt;", 4) != 0 && strncmp(s, "&quot;", 6) != 0)
        wrong(m, "a bare &", s);
}

static void read_markup(struct markup *m)
{
    size_t len;
    char *text = bytes_of(file(m->lesson, m->name), &len);
    const char *s = text;

    assert_int_equal(strlen(text), len);
    m->is_svg = strstr(m->name, ".svg") != NULL;
    if (!m->is_svg) {
        assert_memory_equal(s, "<!DOCTYPE html>\n", 16);
        s += 16;
    }
    while (*s != '\0') {
        if (*s == '&') read_entity(m, s);
        s = *s == '<' ? read_tag(m, s) : s + 1;
    }
    if (m->depth > 0) wrong(m, "is never closed", m->open[m->depth - 1]);
    if (!m->has_title) wrong(m, "has no title", "");
    free(text);
}

/* ---- what was built */

static void the_six_lessons_are_there_and_small(void **state)
{
    long long total = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        static const char *const folders[] = {".", "pictures"};

        for (size_t k = 0; k < COUNT(folders); k++) {
            char folder[4096];
            DIR *dir = opendir(file(lessons[i], folders[k]));
            struct dirent *entry;

            memcpy(folder, path, sizeof(folder));
            assert_non_null(dir);
            /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
            while ((entry = readdir(dir)) != NULL) {
                struct stat st;

                (void)snprintf(path, sizeof(path), "%.3000s/%s", folder,
                               entry->d_name);
                if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
                    total += st.st_size;
            }
            (void)closedir(dir);
        }
    }
    assert_true(total > 0);
    assert_true(total < LIBRARY_MAX);
}

static void each_sidecar_speaks_both_languages(void **state)
{
    static struct daf_sidecar s;

    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        struct daf_sidecar_trouble trouble;
        size_t len;
        char *bytes = bytes_of(file(lessons[i], "content.ini"), &len);

        if (daf_sidecar_parse((struct daf_view){(const uint8_t *)bytes, len},
                              &s, &trouble) != DAF_OK)
            fail_msg("%s:%zu: %s", path, trouble.line, trouble.what);
        free(bytes);
        assert_int_equal(s.warnings_count, 0);
        assert_int_equal(s.titles_count, 2);
        assert_int_equal(s.descriptions_count, 2);
        assert_int_equal(s.tags_count, 2);
        for (size_t k = 0; k < COUNT(languages); k++) {
            assert_string_equal(s.titles[k].tag, languages[k]);
            assert_string_equal(s.descriptions[k].tag, languages[k]);
            assert_string_equal(s.tags[k], languages[k]);
        }
        assert_string_equal(s.values[DAF_SIDECAR_LICENCE], "CC0-1.0");
        for (int k = 0; k < DAF_SIDECAR_KEYS; k++)
            if (k != DAF_SIDECAR_ALIGNMENT && k != DAF_SIDECAR_PUBLISHER &&
                k != DAF_SIDECAR_CHANNEL && k != DAF_SIDECAR_ORDER &&
                k != DAF_SIDECAR_PREVIEW)
                assert_true(s.values[k][0] != '\0');
    }
}

static void pages_balance_and_stay_in_their_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        struct markup m[COUNT(languages)];

        memset(m, 0, sizeof(m));
        for (size_t k = 0; k < COUNT(languages); k++) {
            char name[32], start[64];
            size_t len;
            char *text;

            (void)snprintf(name, sizeof(name), "index.%s.html", languages[k]);
            m[k].lesson = lessons[i];
            m[k].name = name;
            read_markup(&m[k]);
            text = bytes_of(file(lessons[i], name), &len);
            (void)snprintf(start, sizeof(start),
                           "<html lang=\"%s\" dir=\"%s\">", languages[k],
                           directions[k]);
            assert_non_null(strstr(text, start));
            assert_non_null(strstr(text, "<meta charset=\"utf-8\">"));
            assert_non_null(strstr(text, "width=device-width"));
            assert_non_null(strstr(text, "\"lesson.css\""));
            free(text);
        }
        assert_true(m[0].links > 2);
        assert_int_equal(m[0].figures, m[1].figures);
        assert_int_equal(m[0].steps, m[1].steps);
        assert_int_equal(m[0].headings, m[1].headings);
        assert_int_equal(m[0].rows, m[1].rows);
    }
}

static void drawings_balance_have_a_title_and_stay_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        DIR *dir = opendir(file(lessons[i], "pictures"));
        struct dirent *entry;
        unsigned count = 0;

        assert_non_null(dir);
        /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
        while ((entry = readdir(dir)) != NULL) {
            char name[300];
            struct markup m = {.lesson = lessons[i], .name = name};

            if (entry->d_name[0] == '.') continue;
            (void)snprintf(name, sizeof(name), "pictures/%s", entry->d_name);
            read_markup(&m);
            count++;
        }
        (void)closedir(dir);
        assert_true(count > 3);
    }
}

static void the_style_needs_nothing_that_chrome_64_lacks(void **state)
{
    static const char *const lacking[] = {"url(",  "@import", " min(",
                                          " max(", "clamp(",  "inset",
                                          " gap:", "-inline", "-block:",
                                          ":is(",  ":has",    "aspect-ratio"};

    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        size_t len;
        char *text = bytes_of(file(lessons[i], "lesson.css"), &len);
        char *rules = strstr(text, "*/\nhtml"); /* after words about it */

        assert_non_null(rules);
        for (size_t k = 0; k < COUNT(lacking); k++)
            if (strstr(rules, lacking[k]) != NULL)
                fail_msg("%s: %s", path, lacking[k]);
        free(text);
    }
}

/* ---- quizzes */

static void is_id(const char *id, size_t max)
{
    assert_non_null(id);
    assert_in_range(strlen(id), 1, max);
    assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                     strlen(id));
}

static void is_said(const json_t *say)
{
    assert_int_equal(json_object_size(say), COUNT(languages));
    for (size_t i = 0; i < COUNT(languages); i++) {
        const char *text =
            json_string_value(json_object_get(say, languages[i]));

        assert_non_null(text);
        assert_in_range(strlen(text), 1, 400);
    }
}

/* A picture, if there is one, is a file; returns whether there is. */
static bool is_shown(const char *lesson, const json_t *of)
{
    const json_t *picture = json_object_get(of, "picture");

    if (picture == NULL) return false;
    assert_true(json_is_string(picture));
    assert_int_equal(strncmp(json_string_value(picture), "pictures/", 9), 0);
    assert_int_equal(access(file(lesson, json_string_value(picture)), R_OK), 0);
    return true;
}

static void is_question(const char *lesson, const json_t *question)
{
    const json_t *answers = json_object_get(question, "answers"), *answer;
    size_t right = 0, i;

    is_id(json_string_value(json_object_get(question, "id")), 32);
    is_said(json_object_get(question, "ask"));
    assert_int_equal(json_object_size(question),
                     3U + is_shown(lesson, question));
    assert_in_range(json_array_size(answers), 2, 8);
    json_array_foreach(answers, i, answer)
    {
        const json_t *say = json_object_get(answer, "say");
        const json_t *truth = json_object_get(answer, "right");
        bool shown = is_shown(lesson, answer);

        if (say != NULL) is_said(say);
        assert_true(say != NULL || shown);
        assert_true(truth == NULL || json_is_true(truth));
        right += truth != NULL;
        assert_int_equal(json_object_size(answer),
                         (size_t)(say != NULL) + shown + (truth != NULL));
    }
    assert_int_equal(right, 1);
}

static void quizzes_keep_the_rules_of_quiz_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lessons); i++) {
        json_t *quiz = json_load_file(file(lessons[i], "quiz.json"),
                                      JSON_REJECT_DUPLICATES, NULL);
        const json_t *questions, *question;
        size_t at, least = strcmp(lessons[i], "quiz") == 0 ? 8 : 4;

        assert_int_equal(json_object_size(quiz), 3);
        assert_int_equal(json_integer_value(
                             json_object_get(quiz, "daftar-quiz")),
                         1);
        assert_string_equal(json_string_value(json_object_get(quiz, "item")),
                            lessons[i]);
        is_id(lessons[i], 64);
        questions = json_object_get(quiz, "questions");
        assert_in_range(json_array_size(questions), least, 64);
        json_array_foreach(questions, at, question)
        {
            is_question(lessons[i], question);
            for (size_t k = 0; k < at; k++)
                assert_false(
                    json_equal(json_object_get(json_array_get(questions, k),
                                               "id"),
                               json_object_get(question, "id")));
        }
        json_decref(quiz);
    }
}

/* ---- the generator */

static char said[8192]; /* by the last command, both streams */

/* Its exit code. */
__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char command[8192];
    va_list args;
    FILE *pipe;
    size_t len;
    int status;

    va_start(args, format);
    (void)vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    /* Only the test's own words. NOLINTNEXTLINE(cert-env33-c) */
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(said, 1, sizeof(said) - 1, pipe);
    said[len] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define LESSONS "'" DAF_BINARY_DIR "/bin/lessons' "

static void plant(const char *dir, const char *name, const char *text)
{
    char to[4096];
    FILE *f;

    (void)snprintf(to, sizeof(to), "%s/%s", dir, name);
    f = fopen(to, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A source with one drawing and the lesson "one" of this text. */
static char *planted(const char *text)
{
    char *dir = daf_tmpdir_new();

    assert_non_null(dir);
    assert_int_equal(run("mkdir '%s/one' '%s/pictures'", dir, dir), 0);
    plant(dir, "lesson.css", "p {}\n");
    plant(dir, "pictures/apple.svg", "<svg><title>An apple</title></svg>\n");
    plant(dir, "one/content.ini", "[title]\nen = One & only\nar = واحد\n");
    plant(dir, "one/lesson.txt", text);
    return dir;
}

static void two_runs_make_the_same_bytes(void **state)
{
    char *dir = daf_tmpdir_new();

    (void)state;
    assert_non_null(dir);
    assert_int_equal(run(LESSONS "'" SOURCE "' '%s/out' 2>&1", dir), 0);
    assert_string_equal(said, "");
    if (run("diff -r '%s/out' '" LIBRARY "' 2>&1", dir) != 0)
        fail_msg("%s", said);
    daf_tmpdir_free(dir);
}

static void what_a_teacher_writes_stays_text(void **state)
{
    char *dir = planted("text\n"
                        "en: <script>alert(\"1\")</script>\n"
                        "  & more\n"
                        "ar: نص\n");
    char name[4096];
    size_t len;
    char *page;

    (void)state;
    assert_int_equal(run(LESSONS "'%s' '%s/out' 2>&1", dir, dir), 0);
    assert_string_equal(said, "");
    (void)snprintf(name, sizeof(name), "%s/out/one/index.en.html", dir);
    page = bytes_of(name, &len);
    assert_non_null(strstr(page, "<title>One &amp; only</title>"));
    assert_non_null(strstr(page, "<p>&lt;script&gt;alert(&quot;1&quot;)"
                                 "&lt;/script&gt; &amp; more</p>"));
    free(page);
    (void)snprintf(name, sizeof(name), "%s/out/one/quiz.json", dir);
    assert_int_not_equal(access(name, F_OK), 0);
    daf_tmpdir_free(dir);
}

#define ASK "question q\nen: a\nar: b\n"

static void a_mistake_is_named_by_file_and_line(void **state)
{
    static const struct {
        const char *text, *says;
    } mistakes[] = {
        {"", "one/lesson.txt:0: the lesson is empty"},
        {"# only words\n\nsong\n", "one/lesson.txt:3: \"song\" is no kind"},
        {"text\nen: a\n\n", "one/lesson.txt:1: this text says nothing in العر"},
        {"text\nen: a\nen: b\nar: c\n", "one/lesson.txt:3: this block has a"},
        {"text\nen:\nar: c\n", "one/lesson.txt:2: nothing follows the colon"},
        {"text\nen: a\nfr: b\n", "one/lesson.txt:3: this line does not belong"},
        {"  en: a\n", "one/lesson.txt:1: this line begins with a blank"},
        {"text apple\n", "one/lesson.txt:1: \"apple\" is one word too many"},
        {"picture\nen: a\nar: b\n", "one/lesson.txt:1: this needs a picture"},
        {"step pear\nen: a\nar: b\n", "one/lesson.txt:1: there is no picture"},
        {"step ../x\nen: a\nar: b\n", "one/lesson.txt:1: \"../x\" cannot name"},
        {"text\nen: \xff\nar: b\n", "one/lesson.txt:2: this is not UTF-8"},
        {"text\n\ten: a\n", "one/lesson.txt:2: there is a tab"},
        {"letters fr\n", "one/lesson.txt:1: say for which page"},
        {"letters ar\nأ | ألف\n", "one/lesson.txt:2: this line has 2 parts"},
        {"words\n", "one/lesson.txt:1: there are no lines in this block"},
        {"words\napple | | x\n", "one/lesson.txt:2: part 2 is empty"},
        {"numbers\n2 | apple | two | ا\n", "one/lesson.txt:2: here the number"},
        {"guess apple\nen: a\nar: b\n", "one/lesson.txt:1: a guess has one"},
        {ASK "right: a | b\n", "one/lesson.txt:1: a question has 2 to 8"},
        {ASK "wrong: a | b\nwrong: c | d\n",
         "one/lesson.txt:1: one answer must"},
        {ASK "right: a | b\nright: c | d\n",
         "one/lesson.txt:1: one answer must"},
        {ASK "right: a | \n", "one/lesson.txt:4: part 2 is empty"},
        {ASK "right: a | b\nwrong: c | d\n\n" ASK
             "right: a | b\nwrong: c | d\n",
         "one/lesson.txt:7: line 1 has a question called q already"},
        {"question Q\n", "one/lesson.txt:1: a question needs a name"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        char *dir = planted(mistakes[i].text);

        /* From inside, so that no path of this machine is in the message. */
        assert_int_equal(run("cd '%s' && " LESSONS ". out 2>&1", dir), 1);
        if (strncmp(said, "./", 2) != 0 ||
            strncmp(said + 2, mistakes[i].says, strlen(mistakes[i].says)) != 0)
            fail_msg("\"%s\" is not \"./%s\"", said, mistakes[i].says);
        assert_int_equal(strcspn(said, "\n") + 1, strlen(said));
        daf_tmpdir_free(dir);
    }
}

static void a_mistake_in_a_sidecar_is_named_too(void **state)
{
    char *dir = planted("heading\nen: a\nar: b\n");

    (void)state;
    plant(dir, "one/content.ini", "[title]\nen = One\n");
    assert_int_equal(run("cd '%s' && " LESSONS ". out 2>&1", dir), 1);
    assert_non_null(
        strstr(said, "one/content.ini:0: there is no title in الع"));
    plant(dir, "one/content.ini",
          "[title]\nen = One\nar = ب\n[content]\nx = y\n");
    assert_int_equal(run("cd '%s' && " LESSONS ". out 2>&1", dir), 1);
    assert_non_null(strstr(said, "one/content.ini:5: \"x\" is no key"));
    plant(dir, "one/content.ini", "[title]\nen\n");
    assert_int_equal(run("cd '%s' && " LESSONS ". out 2>&1", dir), 1);
    assert_non_null(strstr(said, "one/content.ini:2: "));
    daf_tmpdir_free(dir);
}

/* ---- of Debian's packages */

static void packages_that_are_not_installed_are_named(void **state)
{
    char *dir = daf_tmpdir_new();

    (void)state;
    assert_non_null(dir);
    assert_int_equal(run("bash '" SOURCE "/debian.sh' '%s/out' '%s' 2>&1", dir,
                         dir),
                     0);
    assert_non_null(strstr(said, "klettres-data is not installed"));
    assert_non_null(strstr(said, "debian-handbook is not installed"));
    assert_non_null(strstr(said, "debian-policy is not installed"));
    daf_tmpdir_free(dir);
}

/* Stand-ins with the packages' layout; nothing of theirs is kept here. */
static void packages_become_folders_with_sidecars(void **state)
{
    static const char *const sidecars[] = {"letters-with-sound-ar/content.ini",
                                           "letters-with-sound-en/content.ini",
                                           "letters-with-sound-fr/content.ini",
                                           "debian-handbook-fr/content.ini",
                                           "debian-policy.epub.ini",
                                           "debian-policy.pdf.ini"};
    static struct daf_sidecar s;
    char *dir = daf_tmpdir_new();

    (void)state;
    assert_non_null(dir);
    assert_int_equal(
        run("cd '%s' && mkdir -p usr/share/klettres usr/share/doc && cd "
            "usr/share && "
            "for l in ar en fr; do mkdir -p klettres/$l/alpha; "
            ": >klettres/$l/alpha/a.ogg; "
            "echo \"<sound name=\\\"A\\\" file=\\\"$l/alpha/a.ogg\\\" />\" "
            ">klettres/$l/sounds.xml; done; "
            "for p in klettres-data debian-handbook debian-policy; do "
            "mkdir doc/$p; printf 'Files: *\\nLicense: GPL-2+\\n' "
            ">doc/$p/copyright; done; "
            "mkdir -p doc/debian-handbook/html/fr-FR; "
            "echo '<title>Le cahier</title>' "
            ">doc/debian-handbook/html/fr-FR/index.html; "
            ": >doc/debian-policy/policy.epub; "
            "echo | gzip >doc/debian-policy/policy.pdf.gz",
            dir),
        0);
    assert_int_equal(run("bash '" SOURCE "/debian.sh' '%s/out' '%s' 2>&1", dir,
                         dir),
                     0);
    assert_string_equal(said, "");
    for (size_t i = 0; i < COUNT(sidecars); i++) {
        struct daf_sidecar_trouble trouble;
        char name[4096];
        size_t len;
        char *bytes;

        (void)snprintf(name, sizeof(name), "%s/out/%s", dir, sidecars[i]);
        bytes = bytes_of(name, &len);
        assert_int_equal(
            daf_sidecar_parse((struct daf_view){(const uint8_t *)bytes, len},
                              &s, &trouble),
            DAF_OK);
        free(bytes);
        assert_string_equal(s.values[DAF_SIDECAR_LICENCE], "GPL-2+");
        assert_int_equal(s.warnings_count, 0);
    }
    assert_int_equal(run("grep -c 'audio controls.*src=\"sounds/a.ogg\"' "
                         "'%s/out/letters-with-sound-ar/index.html'",
                         dir),
                     0);
    daf_tmpdir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_six_lessons_are_there_and_small),
        cmocka_unit_test(each_sidecar_speaks_both_languages),
        cmocka_unit_test(pages_balance_and_stay_in_their_folder),
        cmocka_unit_test(drawings_balance_have_a_title_and_stay_inside),
        cmocka_unit_test(the_style_needs_nothing_that_chrome_64_lacks),
        cmocka_unit_test(quizzes_keep_the_rules_of_quiz_json),
        cmocka_unit_test(two_runs_make_the_same_bytes),
        cmocka_unit_test(what_a_teacher_writes_stays_text),
        cmocka_unit_test(a_mistake_is_named_by_file_and_line),
        cmocka_unit_test(a_mistake_in_a_sidecar_is_named_too),
        cmocka_unit_test(packages_that_are_not_installed_are_named),
        cmocka_unit_test(packages_become_folders_with_sidecars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
