/*
 * attack_ipc: System V and POSIX objects and keys that were made outside. The *-make and *-remove
 * verbs are the driver's own, to have such an object and to be rid of it.
 */
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "attack.h"

struct message {
    long type;
    char text[8];
};

static struct outcome ipc_make(char **a) /* KEY: all three */
{
    key_t key = (key_t)number(a[0]);
    if (shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666) < 0 ||
        semget(key, 1, IPC_CREAT | IPC_EXCL | 0666) < 0 ||
        msgget(key, IPC_CREAT | IPC_EXCL | 0666) < 0)
        return outcome_errno(errno);
    return outcome_done();
}

static struct outcome ipc_remove(char **a)
{
    key_t key = (key_t)number(a[0]);
    int shm = shmget(key, 0, 0), sem = semget(key, 0, 0), msg = msgget(key, 0);
    if (shm >= 0)
        shmctl(shm, IPC_RMID, NULL);
    if (sem >= 0)
        semctl(sem, 0, IPC_RMID);
    if (msg >= 0)
        msgctl(msg, IPC_RMID, NULL);
    return outcome_done();
}

static struct outcome ipc_shm(char **a)
{
    int id = shmget((key_t)number(a[0]), 0, 0);
    if (id < 0)
        return outcome_errno(errno);
    char *p = shmat(id, NULL, 0);
    if (p == (char *)-1)
        return outcome_errno(errno);
    *p = 1;
    shmdt(p);
    return outcome_done();
}

static struct outcome ipc_sem(char **a)
{
    int id = semget((key_t)number(a[0]), 0, 0);
    struct sembuf up = {0, 1, IPC_NOWAIT};
    return id < 0 ? outcome_errno(errno) : outcome_of(semop(id, &up, 1));
}

static struct outcome ipc_msg(char **a)
{
    int id = msgget((key_t)number(a[0]), 0);
    struct message m = {1, "attack"};
    return id < 0 ? outcome_errno(errno) : outcome_of(msgsnd(id, &m, sizeof m.text, IPC_NOWAIT));
}

static struct outcome mq_make(char **a)
{
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};
    return outcome_of(mq_open(a[0], O_CREAT | O_EXCL | O_RDWR, 0666, &attr));
}

static struct outcome mq_remove(char **a)
{
    return outcome_of(mq_unlink(a[0]));
}

static struct outcome mq_attack(char **a)
{
    mqd_t q = mq_open(a[0], O_WRONLY | O_NONBLOCK);
    return q < 0 ? outcome_errno(errno) : outcome_of(mq_send(q, "attack", 6, 0));
}

/* ---- keys ---- */

static struct outcome key_add(char **a)
{
    return outcome_of(syscall(SYS_add_key, "user", a[0], "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

static struct outcome key_find(char **a)
{
    char text[16];
    long key = syscall(SYS_request_key, "user", a[0], NULL, 0);
    if (key < 0 && errno == ENOKEY)
        return outcome_errno(ENOENT);
    return key < 0 ? outcome_errno(errno)
                   : outcome_of(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text));
}

static struct outcome key_session(char **a) /* the id of the session's keyring */
{
    (void)a;
    return outcome_of(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0));
}

/* NAME PROG ARG...: runs PROG with a session keyring of its own that holds the key NAME. */
static struct outcome key_hold(char **a)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
        syscall(SYS_add_key, "user", a[0], "decoy", 5, KEY_SPEC_SESSION_KEYRING) < 0)
        return outcome_cannot();
    execvp(a[1], a + 1);
    return outcome_cannot();
}

const struct verb verbs_ipc[] = {
    {"ipc-make", 1, ipc_make},
    {"ipc-remove", 1, ipc_remove},
    {"ipc-shm", 1, ipc_shm},
    {"ipc-sem", 1, ipc_sem},
    {"ipc-msg", 1, ipc_msg},
    {"mq-make", 1, mq_make},
    {"mq-remove", 1, mq_remove},
    {"mq-send", 1, mq_attack},
    {"key-add", 1, key_add},
    {"key-find", 1, key_find},
    {"key-session", 0, key_session},
    {"key-hold", 2, key_hold},
    {NULL, 0, NULL},
};
