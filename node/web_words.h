/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_words.h - what pages say, in each language that they speak.  Short
 * words: who reads them may be five, or reading for somebody who is. */
#ifndef DAF_NODE_WEB_WORDS_H
#define DAF_NODE_WEB_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum daf_web_word {
    DAF_WEB_W_LANGUAGE, /* its own name */
    DAF_WEB_W_TITLE,
    DAF_WEB_W_HOME,
    DAF_WEB_W_LESSONS,
    DAF_WEB_W_WELCOME,
    DAF_WEB_W_HELLO,
    DAF_WEB_W_ASSIGNED,
    DAF_WEB_W_DUE,
    DAF_WEB_W_NO_LESSONS,
    DAF_WEB_W_NO_LESSONS_HOW,
    DAF_WEB_W_CONTINUE,
    DAF_WEB_W_START,
    DAF_WEB_W_BACK,
    DAF_WEB_W_NEXT,
    DAF_WEB_W_PREVIOUS,
    DAF_WEB_W_COMING,
    DAF_WEB_W_COMING_HOW,
    DAF_WEB_W_SCORE,
    DAF_WEB_W_MY_WORK,
    DAF_WEB_W_KEPT_HERE,
    DAF_WEB_W_KEPT_ELSEWHERE,
    DAF_WEB_W_UNCONFIRMED,
    DAF_WEB_W_UNCONFIRMED_HOW,
    DAF_WEB_W_ALONE,
    DAF_WEB_W_CONNECTED,
    DAF_WEB_W_WHO,
    DAF_WEB_W_WHO_HERE,
    DAF_WEB_W_CHANGE,
    DAF_WEB_W_NOBODY_YET,
    DAF_WEB_W_NEW,
    DAF_WEB_W_NAME,
    DAF_WEB_W_NAME_HOW,
    DAF_WEB_W_ADD,
    DAF_WEB_W_NAMELESS,
    DAF_WEB_W_SAME_NAME,
    DAF_WEB_W_THAT_IS_ME,
    DAF_WEB_W_ANOTHER,
    DAF_WEB_W_FINISH,
    DAF_WEB_W_LEAVE,
    DAF_WEB_W_ENTER,
    DAF_WEB_W_ENTER_HOW,
    DAF_WEB_W_ENTER_BUTTON,
    DAF_WEB_W_ENTER_WRONG,
    DAF_WEB_W_ENTER_FIRST,
    DAF_WEB_W_NEED_ENTER,
    DAF_WEB_W_NEED_WHO,
    DAF_WEB_W_PRACTISE,
    DAF_WEB_W_QUESTION,
    DAF_WEB_W_ANSWER,
    DAF_WEB_W_OF,
    DAF_WEB_W_READY,
    DAF_WEB_W_SAVED,
    DAF_WEB_W_NOT_SAVED,
    DAF_WEB_W_NOT_SAVED_HOW,
    DAF_WEB_W_NOT_FOUND_SAVED,
    DAF_WEB_W_AGAIN,
    DAF_WEB_W_OLD_FORM,
    DAF_WEB_W_ANSWER_ALL,
    DAF_WEB_W_RIGHT,
    DAF_WEB_W_WRONG,
    DAF_WEB_W_CORRECT_IS,
    DAF_WEB_W_PRAISE_ALL,
    DAF_WEB_W_PRAISE_MOST,
    DAF_WEB_W_PRAISE_SOME,
    DAF_WEB_W_FILES,
    DAF_WEB_W_READ,
    DAF_WEB_W_DOWNLOAD,
    DAF_WEB_W_NOT_FOUND,
    DAF_WEB_W_NOT_FOUND_HOW,
    DAF_WEB_W_BUSY,
    DAF_WEB_W_BUSY_HOW,
    DAF_WEB_W_REFUSED,
    DAF_WEB_W_REFUSED_HOW,
    DAF_WEB_W_COUNT, /* how many; not a word */
};

#define DAF_WEB_TONGUES 2 /* that pages speak */

/** daf_web_tongue: the index of the language in which to speak to a reader of
 * @languages. */
size_t daf_web_tongue(const char *const *languages, size_t count);
const char *daf_web_tongue_tag(size_t tongue); /* "ar"; NULL at the end */
const char *daf_web_tongue_dir(size_t tongue); /* "rtl" */

/** daf_web_lang_dir: the direction of a text in @lang. */
const char *daf_web_lang_dir(const char *lang);

const char *daf_web_word(size_t tongue, enum daf_web_word word);

#define DAF_WEB_NUMBER_BYTES 48
/** daf_web_number: @n in the digits of this tongue. */
const char *daf_web_number(size_t tongue, uint64_t n,
                           char out[DAF_WEB_NUMBER_BYTES]);

#endif
