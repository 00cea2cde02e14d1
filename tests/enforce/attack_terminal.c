/*
 * attack_terminal: the person's terminal and others.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include "attack.h"

static int terminal_of(const char *word) /* a descriptor's number or a path */
{
    return *word == '/' ? open(word, O_RDWR | O_NOCTTY | O_NONBLOCK) : (int)number(word);
}

static struct outcome ask(const char *where, unsigned long request, void *argument)
{
    int fd = terminal_of(where);
    if (fd < 0)
        return outcome_errno(errno);
    return outcome_of(syscall(SYS_ioctl, fd, request, argument));
}

static struct outcome t_push(char **a) /* a key into the terminal's input */
{
    char key = 'X';
    return ask(a[0], TIOCSTI, &key);
}

static struct outcome t_push_high(
    char **a) /* the kernel looks at 32 bits of the request: so must a filter */
{
    char key = 'X';
    return ask(a[0], TIOCSTI | (1ul << 32), &key);
}

static struct outcome t_console(
    char **a) /* selection of the console; ENOTTY on other terminals: reached */
{
    char request[16] = {2};
    int fd = terminal_of(a[0]);
    if (fd < 0)
        return outcome_errno(errno);
    return outcome_reached(syscall(SYS_ioctl, fd, TIOCLINUX, request));
}

static struct outcome t_console_high(char **a)
{
    char request[16] = {2};
    int fd = terminal_of(a[0]);
    if (fd < 0)
        return outcome_errno(errno);
    return outcome_reached(syscall(SYS_ioctl, fd, TIOCLINUX | (1ul << 32), request));
}

static struct outcome t_write(char **a) /* PATH TEXT */
{
    int fd = open(a[0], O_WRONLY | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(write(fd, a[1], strlen(a[1])));
    close(fd);
    return o;
}

static struct outcome t_size(char **a) /* the size of the person's window, changed */
{
    struct winsize size = {11, 22, 0, 0};
    return ask(a[0], TIOCSWINSZ, &size);
}

static struct outcome t_modes(char **a) /* echo off */
{
    struct termios modes;
    int fd = terminal_of(a[0]);
    if (fd < 0 || tcgetattr(fd, &modes) < 0)
        return outcome_errno(errno);
    modes.c_lflag &= ~(tcflag_t)ECHO;
    return outcome_of(tcsetattr(fd, TCSANOW, &modes));
}

static struct outcome t_foreground(char **a) /* is the terminal at descriptor N ours to control? */
{
    return outcome_of(tcgetpgrp((int)number(a[0])));
}

const struct verb verbs_terminal[] = {
    {"push-key", 1, t_push},
    {"push-key-high", 1, t_push_high},
    {"console", 1, t_console},
    {"console-high", 1, t_console_high},
    {"terminal-write", 2, t_write},
    {"terminal-size", 1, t_size},
    {"terminal-modes", 1, t_modes},
    {"terminal-owner", 1, t_foreground},
    {NULL, 0, NULL},
};
