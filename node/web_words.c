/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_words.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *tag, *dir;
    const char *digits[10]; /* NULL: as in C */
} tongues[DAF_WEB_TONGUES] = {
    {"en", "ltr", {NULL}},
    {"ar", "rtl", {"٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩"}},
};

/* clang-format off */
static const char *const words[DAF_WEB_W_COUNT][DAF_WEB_TONGUES] = {
    [DAF_WEB_W_LANGUAGE] = {"English", "العربية"},
    [DAF_WEB_W_TITLE] = {"Daftar", "دفتر"},
    [DAF_WEB_W_HOME] = {"Home", "الرئيسية"},
    [DAF_WEB_W_LESSONS] = {"Lessons", "الدروس"},
    [DAF_WEB_W_WELCOME] = {"Welcome", "أهلاً وسهلاً"},
    [DAF_WEB_W_HELLO] = {"Hello,", "أهلاً،"},
    [DAF_WEB_W_ASSIGNED] = {"For your class", "لصفّكم"},
    [DAF_WEB_W_DUE] = {"By", "حتّى"},
    [DAF_WEB_W_NO_LESSONS] = {"No lessons here yet", "لا دروس هنا بعد"},
    [DAF_WEB_W_NO_LESSONS_HOW] = {
        "They come by themselves when another device of the camp is near.",
        "تأتي وحدها عندما يقترب جهاز آخر من أجهزة المخيم."},
    [DAF_WEB_W_CONTINUE] = {"Go on", "متابعة"},
    [DAF_WEB_W_START] = {"Start here", "البداية من هنا"},
    [DAF_WEB_W_BACK] = {"Back", "رجوع"},
    [DAF_WEB_W_NEXT] = {"Next", "التالي"},
    [DAF_WEB_W_PREVIOUS] = {"Previous", "السابق"},
    [DAF_WEB_W_COMING] = {"On its way", "في الطريق"},
    [DAF_WEB_W_COMING_HOW] = {
        "This lesson is still on its way to this device. Come back later.",
        "ما زال هذا الدرس في طريقه إلى هذا الجهاز. عد لاحقاً."},
    [DAF_WEB_W_SCORE] = {"Right answers", "إجابات صحيحة"},
    [DAF_WEB_W_MY_WORK] = {"My work", "عملي"},
    [DAF_WEB_W_KEPT_HERE] = {"kept here", "محفوظ هنا"},
    [DAF_WEB_W_KEPT_ELSEWHERE] = {"kept here and on another device", "محفوظ هنا وعلى جهاز آخر"},
    [DAF_WEB_W_UNCONFIRMED] = {"not confirmed", "غير مؤكَّد"},
    [DAF_WEB_W_UNCONFIRMED_HOW] = {
        "It is kept, but does not count yet: the device it was written on was turned away. Ask your teacher.",
        "هو محفوظ لكنه لا يُحتسب بعد: الجهاز الذي كُتب عليه أُبعد عن المخيم. اسأل معلمك."},
    [DAF_WEB_W_ALONE] = {"No other device is near", "لا جهاز آخر بالقرب"},
    [DAF_WEB_W_CONNECTED] = {"Devices near:", "أجهزة بالقرب:"},
    [DAF_WEB_W_WHO] = {"Who is learning?", "من يتعلّم الآن؟"},
    [DAF_WEB_W_WHO_HERE] = {"Who are you?", "من أنت؟"},
    [DAF_WEB_W_CHANGE] = {"Somebody else", "شخص آخر"},
    [DAF_WEB_W_NOBODY_YET] = {"Nobody is here yet.", "لا أحد هنا بعد."},
    [DAF_WEB_W_NEW] = {"I am new here", "أنا هنا لأول مرة"},
    [DAF_WEB_W_NAME] = {"My name", "اسمي"},
    [DAF_WEB_W_NAME_HOW] = {"You may leave it empty.", "يمكنك تركه فارغاً."},
    [DAF_WEB_W_ADD] = {"Add me", "أضفني"},
    [DAF_WEB_W_NAMELESS] = {"Learner", "بلا اسم"},
    [DAF_WEB_W_SAME_NAME] = {"Somebody of this name is here already. Is that you?",
                             "هناك من يحمل هذا الاسم. هل هذا أنت؟"},
    [DAF_WEB_W_THAT_IS_ME] = {"Yes, that is me:", "نعم، هذا أنا:"},
    [DAF_WEB_W_ANOTHER] = {"No, I am another", "لا، أنا شخص آخر"},
    [DAF_WEB_W_FINISH] = {"I stop for now", "أتوقف الآن"},
    [DAF_WEB_W_LEAVE] = {"Leave this device", "خروج من هذا الجهاز"},
    [DAF_WEB_W_ENTER] = {"Welcome to this class", "أهلاً بك في هذا الصف"},
    [DAF_WEB_W_ENTER_HOW] = {"Press the button to come in.", "اضغط على الزر لتدخل."},
    [DAF_WEB_W_ENTER_BUTTON] = {"Come in", "دخول"},
    [DAF_WEB_W_ENTER_WRONG] = {
        "This link is no longer good: the device was started again since. Ask your teacher for the new one.",
        "لم يعد هذا الرابط صالحاً: أُعيد تشغيل الجهاز منذ ذلك. اطلب الرابط الجديد من معلمك."},
    [DAF_WEB_W_ENTER_FIRST] = {
        "To keep your work, ask your teacher for the link that lets you in.",
        "ليُحفظ عملك اطلب من معلمك الرابط الذي يدخلك."},
    [DAF_WEB_W_NEED_ENTER] = {
        "Your answers are not saved yet. First come in: ask your teacher for the link, open it, then press Ready here once more.",
        "لم تُحفظ إجاباتك بعد. ادخل أولاً: اطلب الرابط من معلمك وافتحه، ثم اضغط «جاهز» هنا مرة أخرى."},
    [DAF_WEB_W_NEED_WHO] = {"Say who you are, so that your work is kept.", "قل لنا من أنت ليُحفظ عملك."},
    [DAF_WEB_W_PRACTISE] = {"Practise", "تدريب"},
    [DAF_WEB_W_QUESTION] = {"Question", "سؤال"},
    [DAF_WEB_W_ANSWER] = {"Answer", "إجابة"},
    [DAF_WEB_W_OF] = {"of", "من"},
    [DAF_WEB_W_READY] = {"Ready", "جاهز"},
    [DAF_WEB_W_SAVED] = {"Saved", "حُفظ"},
    [DAF_WEB_W_NOT_SAVED] = {"Not saved yet", "لم يُحفظ بعد"},
    [DAF_WEB_W_NOT_SAVED_HOW] = {
        "The device could not write it down. Your answers are still here: press Ready once more.",
        "لم يستطع الجهاز كتابته. إجاباتك ما زالت هنا: اضغط «جاهز» مرة أخرى."},
    [DAF_WEB_W_NOT_FOUND_SAVED] = {"This work was not found on this device.", "لم يوجد هذا العمل على هذا الجهاز."},
    [DAF_WEB_W_AGAIN] = {"Once more", "مرة أخرى"},
    [DAF_WEB_W_OLD_FORM] = {"This page was from before. Your answers are still here: press Ready once more.",
                            "كانت هذه الصفحة قديمة. إجاباتك ما زالت هنا: اضغط «جاهز» مرة أخرى."},
    [DAF_WEB_W_ANSWER_ALL] = {"Some questions have no answer yet.", "بعض الأسئلة بلا إجابة بعد."},
    [DAF_WEB_W_RIGHT] = {"Right", "صحيح"},
    [DAF_WEB_W_WRONG] = {"Not yet", "ليس بعد"},
    [DAF_WEB_W_CORRECT_IS] = {"This one is right", "هذه هي الصحيحة"},
    [DAF_WEB_W_PRAISE_ALL] = {"Wonderful! All of it.", "رائع! كلها صحيحة."},
    [DAF_WEB_W_PRAISE_MOST] = {"Very good!", "جيد جداً!"},
    [DAF_WEB_W_PRAISE_SOME] = {"Good that you tried. Look again and try once more.",
                               "جميل أنك حاولت. انظر مرة أخرى وجرّب من جديد."},
    [DAF_WEB_W_FILES] = {"What is inside", "ما في الداخل"},
    [DAF_WEB_W_READ] = {"Read", "قراءة"},
    [DAF_WEB_W_DOWNLOAD] = {"Take it along", "تنزيل"},
    [DAF_WEB_W_NOT_FOUND] = {"This page is not here", "هذه الصفحة ليست هنا"},
    [DAF_WEB_W_NOT_FOUND_HOW] = {"Go back to the lessons.", "عد إلى الدروس."},
    [DAF_WEB_W_BUSY] = {"Just a moment", "لحظة من فضلك"},
    [DAF_WEB_W_BUSY_HOW] = {"The device is busy. Nothing is lost; try again in a moment.",
                            "الجهاز مشغول. لم يضع شيء؛ حاول بعد لحظة."},
    [DAF_WEB_W_REFUSED] = {"This did not work", "لم ينجح هذا"},
    [DAF_WEB_W_REFUSED_HOW] = {"Go back to the page, load it again, and try once more.",
                               "عد إلى الصفحة وحمّلها من جديد ثم حاول مرة أخرى."},
};
/* clang-format on */

const char *daf_web_tongue_tag(size_t tongue)
{
    return tongue < DAF_WEB_TONGUES ? tongues[tongue].tag : NULL;
}

const char *daf_web_tongue_dir(size_t tongue)
{
    return tongues[tongue].dir;
}

static bool speaks(const char *language, const char *tag)
{
    size_t len = strcspn(language, "-");

    return strlen(tag) == len && strncasecmp(language, tag, len) == 0;
}

size_t daf_web_tongue(const char *const *languages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < DAF_WEB_TONGUES; t++)
            if (speaks(languages[i], tongues[t].tag)) return t;
    return 0;
}

const char *daf_web_lang_dir(const char *lang)
{
    static const char *const right_to_left[] = {
        "ar", "fa", "ur", "ps", "prs", "he", "ckb", "sd", "ug", "dv", "yi",
    };
    size_t count = sizeof(right_to_left) / sizeof(right_to_left[0]);

    if (strcasestr(lang, "-Latn") != NULL) return "ltr";
    if (strcasestr(lang, "-Arab") != NULL) return "rtl";
    for (size_t i = 0; i < count; i++)
        if (speaks(lang, right_to_left[i])) return "rtl";
    return "ltr";
}

const char *daf_web_word(size_t tongue, enum daf_web_word word)
{
    assert(tongue < DAF_WEB_TONGUES && word < DAF_WEB_W_COUNT);
    return words[word][tongue];
}

const char *daf_web_number(size_t tongue, uint64_t n,
                           char out[DAF_WEB_NUMBER_BYTES])
{
    char plain[24];
    size_t len = 0;

    (void)snprintf(plain, sizeof(plain), "%llu", (unsigned long long)n);
    out[0] = '\0';
    for (const char *p = plain; *p != '\0'; p++) {
        const char *digit = tongues[tongue].digits[*p - '0'];

        if (digit == NULL)
            out[len++] = *p;
        else
            len += (size_t)snprintf(out + len, DAF_WEB_NUMBER_BYTES - len, "%s",
                                    digit);
    }
    out[len] = '\0';
    return out;
}
