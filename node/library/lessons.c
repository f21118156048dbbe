/* SPDX-License-Identifier: Apache-2.0 */
/* lessons SOURCE OUT: makes OUT/<lesson>/ of each SOURCE/<lesson>/ that has a
 * lesson.txt, ready to be published.  The same bytes every time. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/library/lesson.h"

static bool make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ||
           daf_lesson_fail(path, 0, "cannot make this folder");
}

/* Ends a file that was written; a full disk shows here at the latest. */
static bool end_file(const char *path, FILE *file)
{
    bool failed = ferror(file) != 0;

    if (fclose(file) != 0) failed = true;
    return !failed || daf_lesson_fail(path, 0,
                                      "cannot write it; is the disk "
                                      "full?");
}

static FILE *begin_file(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL) (void)daf_lesson_fail(path, 0, "cannot make this file");
    return file;
}

/* Copies FROM/NAME to TO/NAME. */
static bool copy(const char *from, const char *to, const char *name)
{
    char path[2 * PATH_MAX];
    size_t len;
    char *bytes;
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", from, name);
    bytes = daf_lesson_bytes(path, &len);
    if (bytes == NULL) return false;
    (void)snprintf(path, sizeof(path), "%s/%s", to, name);
    file = begin_file(path);
    if (file != NULL) (void)fwrite(bytes, 1, len, file);
    free(bytes);
    return file != NULL && end_file(path, file);
}

static bool write_pages(const struct daf_lesson *lesson, const char *to)
{
    char path[2 * PATH_MAX];

    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++) {
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/index.%s.html", to,
                       daf_lesson_languages[i].tag);
        file = begin_file(path);
        if (file == NULL) return false;
        daf_lesson_page(lesson, i, file);
        if (!end_file(path, file)) return false;
    }
    return true;
}

static bool write_quiz(const struct daf_lesson *lesson, const char *to)
{
    json_t *quiz = daf_lesson_quiz(lesson);
    char path[2 * PATH_MAX];
    FILE *file;

    if (quiz == NULL) return true;
    (void)snprintf(path, sizeof(path), "%s/quiz.json", to);
    file = begin_file(path);
    if (file != NULL) {
        (void)json_dumpf(quiz, file, JSON_INDENT(1));
        (void)fputc('\n', file);
    }
    json_decref(quiz);
    return file != NULL && end_file(path, file);
}

static bool write_pictures(const struct daf_lesson *lesson, const char *to)
{
    char path[2 * PATH_MAX], name[DAF_LESSON_NAME_BYTES_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/pictures", to);
    if (lesson->pictures_count > 0 && !make_folder(path)) return false;
    for (size_t i = 0; i < lesson->pictures_count; i++) {
        (void)snprintf(name, sizeof(name), "pictures/%s.svg",
                       lesson->pictures[i]);
        if (!copy(lesson->source, to, name)) return false;
    }
    return true;
}

static bool make_lesson(const char *source, const char *out, const char *name)
{
    static struct daf_lesson lesson;
    char from[PATH_MAX], to[PATH_MAX];
    bool is_made = daf_lesson_read(&lesson, source, name);

    (void)snprintf(from, sizeof(from), "%s/%s", source, name);
    (void)snprintf(to, sizeof(to), "%s/%s", out, name);
    is_made = is_made && make_folder(to) && copy(from, to, "content.ini") &&
              copy(source, to, "lesson.css") && write_pages(&lesson, to) &&
              write_quiz(&lesson, to) && write_pictures(&lesson, to);
    daf_lesson_deinit(&lesson);
    return is_made;
}

static bool is_lesson(const char *source, const char *name)
{
    char path[2 * PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s/lesson.txt", source, name);
    return name[0] != '.' && access(path, F_OK) == 0;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count, made = 0;
    bool is_good;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: lessons SOURCE OUT\n");
        return 2;
    }
    count = scandir(argv[1], &entries, NULL, alphasort);
    is_good = count >= 0 && make_folder(argv[2]);
    for (int i = 0; i < count; i++) {
        if (is_good && is_lesson(argv[1], entries[i]->d_name)) {
            is_good = make_lesson(argv[1], argv[2], entries[i]->d_name);
            made++;
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    if (is_good && made == 0)
        is_good = daf_lesson_fail(argv[1], 0, "there is no lesson in it");
    return is_good ? 0 : 1;
}
