/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/progress.h"

#include "sim/commands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

static void end_at_once(int signal)
{
    static const char words[] = "daftar-sim: broken off\n";
    ssize_t told = write(STDERR_FILENO, words, sizeof words - 1);

    (void)signal;
    (void)told;
    _exit(DAF_SIM_EXIT_PARTLY);
}

static void catch_with(void (*handler)(int signal))
{
    struct sigaction on = {.sa_handler = handler,
                           .sa_flags = (int)SA_RESETHAND};
    struct sigaction was;

    (void)sigaction(SIGINT, &on, NULL);
    (void)sigaction(SIGTERM, &on, NULL);
    if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
        (void)sigaction(SIGHUP, &on, NULL); /* nohup stays what it is */
}

void daf_progress_catch(void)
{
    catch_with(on_interrupt);
}

void daf_progress_catch_at_once(void)
{
    catch_with(end_at_once);
}

bool daf_progress_is_broken(void)
{
    return is_interrupted != 0;
}

static double since(const struct timespec *began)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) +
           1e-9 * (double)(now.tv_nsec - began->tv_nsec);
}

void daf_progress_name(struct daf_progress *p, const char *what)
{
    (void)snprintf(p->what, sizeof p->what, "%s", what);
}

void daf_progress_begin(struct daf_progress *p, const char *what)
{
    *p = (struct daf_progress){.is_shown = isatty(STDERR_FILENO)};
    daf_progress_name(p, what);
    (void)clock_gettime(CLOCK_MONOTONIC, &p->began);
}

static void put_left(double s)
{
    if (s < 120)
        (void)fprintf(stderr, "%.0f s left \033[K", s);
    else if (s < 7200)
        (void)fprintf(stderr, "%.0f min left \033[K", s / 60);
    else
        (void)fprintf(stderr, "%.1f h left \033[K", s / 3600);
}

bool daf_progress_tell(struct daf_progress *p, double part)
{
    double passed = since(&p->began);

    if (p->is_shown && passed - p->told > 0.2 && part > 0) {
        p->told = passed;
        (void)fprintf(stderr, "\r%s %3.0f %%, ", p->what, part * 100);
        put_left(passed / part * (1 - part));
    }
    return !daf_progress_is_broken();
}

void daf_progress_end(const struct daf_progress *p)
{
    if (p->is_shown && p->told > 0) (void)fputs("\r\033[K", stderr);
}
