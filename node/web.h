/* SPDX-License-Identifier: Apache-2.0 */
/* node/web.h - the web process: libmicrohttpd, kept away from keys and files.
 *
 *      browser --HTTP--> web  <--- STREAM socket pair, lines of JSON --->  core
 *
 * core starts `daftard --as-web` with one end of a socket pair as descriptor 3.
 * web is a client of core's API server (node/api.h) that may ask for what pages
 * show, and for writes of sessions and learners; nothing else is answered.  It
 * knows no key of the device, opens no file and has no network but what it is
 * passed:
 *
 * line from core                        with it
 * {"listen":"127.0.0.1:8080"}           a listening socket; up to 8 such lines
 * {"hello":1,"secret":"hex","key":"hex","frame":""} -   then requests may come;
 *                                       frame: an origin that may hold pages
 * {"event":"records","n":N}             -         once asked: "events"
 * an answer with "size"                 the file, open for reading
 * any other answer                      -
 *
 * Answers come in the order of the requests.  A descriptor goes with the first
 * byte of its line.  web ends when core closes the pair, and when anything in it
 * takes 10 s. */
#ifndef DAF_NODE_WEB_H
#define DAF_NODE_WEB_H

#define DAF_WEB_LISTENERS_MAX 8
#define DAF_WEB_URL_BYTES     128

/** daf_web_main: the web process's whole life.  @fd: its end of the pair.
 * Returns the exit status: 0 when core closed the pair. */
int daf_web_main(int fd);

#endif
