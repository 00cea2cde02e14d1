/*
 * test_gate_linux: the gate for connections against the real kernel: namespaces of the test's own, programs whose calls it
 * answers, and listeners inside and outside that see who reaches them.
 */
#include "gate_inside.h"
#include "gate_own.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

static bool is_reached(int listener)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};

    return poll(&p, 1, 50) != 0;
}

/* ---- listeners inside ---- */

static int by_path(struct inside *in)
{
    int l = listen_at(in_folder("s1"), SOCK_STREAM, 5), c = socket(AF_UNIX, SOCK_STREAM, 0), s;
    char byte = 0;

    (void)in;
    NEED(l >= 0 && c >= 0);
    NEED(connect_at(c, in_folder("s1")) == 0);
    NEED((s = accept(l, NULL, NULL)) >= 0);
    NEED(write(c, "x", 1) == 1 && read(s, &byte, 1) == 1 && byte == 'x');
    NEED(!(fcntl(c, F_GETFL) & O_NONBLOCK));
    NEED(connect_at(c, in_folder("s1")) == EISCONN);
    return 0;
}

static int by_packets(struct inside *in)
{
    int l = listen_at(in_folder("s2"), SOCK_SEQPACKET, 5), c = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    (void)in;
    NEED(l >= 0 && connect_at(c, in_folder("s2")) == 0);
    c = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(connect_at(c, in_folder("s2")) == EPROTOTYPE);
    return 0;
}

static int by_abstract_name(struct inside *in)
{
    socklen_t size;
    struct sockaddr_un at = abstract("cordon-gate-inside", &size);
    int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)in;
    NEED(bind(l, (struct sockaddr *)&at, size) == 0 && listen(l, 5) == 0);
    NEED(connect(c, (struct sockaddr *)&at, size) == 0);
    return 0;
}

static int by_detours(struct inside *in)
{
    int l = listen_at(in_folder("s3"), SOCK_STREAM, 9), c[6], where = open(folder, O_PATH | O_DIRECTORY);
    struct sockaddr_un at;
    char path[100];

    (void)in;
    for (int i = 0; i < 6; i++)
        c[i] = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(l >= 0 && chdir(folder) == 0);
    NEED(connect_at(c[0], un_path("s3")) == 0);
    NEED(symlink(".", "link") == 0 && symlink("s3", "alias") == 0);
    NEED(connect_at(c[1], in_folder("link/s3")) == 0);
    NEED(connect_at(c[2], un_path("link/./alias")) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d/s3", where);
    NEED(connect_at(c[3], un_path(path)) == 0);
    at = un_path("s3");
    NEED(connect(c[4], (struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + 2) == 0); /* no NUL */
    NEED(link("s3", "second") == 0 && connect_at(c[5], un_path("second")) == 0);
    return 0;
}

static int nobody_listens(struct inside *in)
{
    int l = listen_at(in_folder("stale"), SOCK_STREAM, 5), c = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un at = in_folder("file");
    char path[200];

    (void)in;
    close(l);
    NEED(connect_at(c, in_folder("stale")) == ECONNREFUSED);
    NEED(connect_at(c, in_folder("missing")) == ENOENT);
    NEED(connect_at(c, in_folder("missing/further")) == ENOENT);
    snprintf(path, sizeof path, "%s/fifo", folder);
    NEED(mkfifo(path, 0600) == 0 && connect_at(c, in_folder("fifo")) == ECONNREFUSED);
    close(open(at.sun_path, O_CREAT | O_WRONLY, 0600));
    NEED(connect_at(c, at) == ECONNREFUSED && connect_at(c, in_folder("file/further")) == ENOTDIR);
    NEED(connect(c, (struct sockaddr *)&at, 2) < 0 && errno == EINVAL);
    NEED(connect(c, (struct sockaddr *)&at, 120) < 0 && errno == EINVAL);
    NEED(connect(c, (struct sockaddr *)&at, 5000) < 0 && errno == EINVAL);
    NEED(connect(99, (struct sockaddr *)&at, sizeof at) < 0 && errno == EBADF);
    NEED(connect(0, (struct sockaddr *)&at, sizeof at) < 0 && errno == ENOTSOCK);
    l = listen_at(in_folder("closed"), SOCK_STREAM, 5);
    NEED(geteuid() == 0 || (chmod(in_folder("closed").sun_path, 0) == 0 && connect_at(c, in_folder("closed")) == EACCES));
    return 0;
}

/* The server's view of who connected. */
static int who_am_i(struct inside *in)
{
    int l = listen_at(in_folder("s4"), SOCK_STREAM, 5), c = socket(AF_UNIX, SOCK_STREAM, 0), s;
    struct ucred peer;
    socklen_t size = sizeof peer;

    (void)in;
    NEED(connect_at(c, in_folder("s4")) == 0 && (s = accept(l, NULL, NULL)) >= 0);
    NEED(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
    NEED(peer.pid == 1 && peer.uid == getuid());
    return 0;
}

static void *in_own_table(void *context)
{
    int l = listen_at(in_folder("s5"), SOCK_STREAM, 5), c = socket(AF_UNIX, SOCK_STREAM, 0);

    if (unshare(CLONE_FILES) == 0 && dup2(c, 200) == 200)
        *(long *)context = connect_at(200, in_folder("s5"));
    close(l);
    return NULL;
}

static int by_a_threads_own_descriptor(struct inside *in)
{
    pthread_t thread;
    long code = -1;

    (void)in;
    pthread_create(&thread, NULL, in_own_table, &code);
    pthread_join(thread, NULL);
    NEED(code == 0);
    return 0;
}

/* Executed inside: only then is its memory that of the sandbox's own user namespace. */
static int agent(int ready)
{
    char byte;

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    byte = listen_at(in_folder("agent"), SOCK_STREAM, 5) >= 0;
    if (write(ready, &byte, 1) == 1)
        pause_ms(5000);
    return 0;
}

static int by_an_agent(struct inside *in)
{
    int c = socket(AF_UNIX, SOCK_STREAM, 0), ready[2];
    char byte = 0;
    pid_t pid;

    (void)in;
    NEED(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", ready[1]);
        execl("/proc/self/exe", "agent", folder, number, (char *)NULL);
        _exit(127);
    }
    NEED(read(ready[0], &byte, 1) == 1 && byte == 1);
    NEED(connect_at(c, in_folder("agent")) == 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static void listeners_inside(struct inside *in)
{
    CHECK(inside_run(in, by_path) == 0, "a listener inside is reached, and the socket is as it was");
    CHECK(inside_run(in, by_packets) == 0, "so is one of packets, and a wrong type is the kernel's to say");
    CHECK(inside_run(in, by_abstract_name) == 0, "an abstract name of the inside is reached");
    CHECK(inside_run(in, by_detours) == 0, "relative paths, links and /proc/self lead where they lead the caller");
    the_gates_own_links(in);
    CHECK(inside_run(in, nobody_listens) == 0, "where nobody listens the kernel's own errors are told");
    CHECK(!inside_recorded(in, "", 0), "none of which is recorded");
    CHECK(inside_run(in, who_am_i) == 0, "a server sees nobody of the outside as its peer");
    CHECK(inside_run(in, by_an_agent) == 0, "so is one that keeps itself from being looked at");
    CHECK(inside_run(in, by_a_threads_own_descriptor) == 0, "a thread's own table of descriptors is the one that counts");
}

/* ---- listeners outside ---- */

static int outside_path, outside_packets, outside_abstract; /* descriptors, in the process outside alone */

static int reach_outside(struct inside *in)
{
    struct sockaddr_un at;
    socklen_t size;
    long code;

    NEED(connect_at(socket(AF_UNIX, SOCK_STREAM, 0), in_folder("out")) == EACCES);
    NEED(connect_at(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), in_folder("out")) == EACCES);
    NEED(connect_at(socket(AF_UNIX, SOCK_SEQPACKET, 0), in_folder("outseq")) == EACCES);
    at = abstract("cordon-gate-outside", &size);
    code = connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, size) == 0 ? 0 : errno;
    NEED(code == (in->watch.own_network ? ECONNREFUSED : EACCES));
    return 0;
}

static int reach_secret(struct inside *in)
{
    int l = listen_at(in_folder("secret"), SOCK_STREAM, 5);

    (void)in;
    NEED(l >= 0 && chdir(folder) == 0 && connect_at(socket(AF_UNIX, SOCK_STREAM, 0), un_path("./x/../secret")) == EACCES);
    return 0;
}

struct race {
    struct sockaddr_un at;
    int stop, sockets[3];
};

static void *flip(void *context)
{
    struct race *r = context;

    for (unsigned i = 0; !__atomic_load_n(&r->stop, __ATOMIC_RELAXED); i++) {
        __atomic_store_n(&r->at.sun_family, i & 1 ? AF_UNIX : AF_INET, __ATOMIC_RELAXED);
        if (i % 3 == 0)
            memcpy(r->at.sun_path, in_folder(i & 2 ? "s6" : "out").sun_path, strlen(folder) + 5);
        if (r->sockets[0] >= 0)
            dup2(r->sockets[i % 2], r->sockets[2]);
    }
    return NULL;
}

static int race_address(struct inside *in)
{
    struct race r = {.at = in_folder("s6"), .sockets = {-1}};
    int l = listen_at(in_folder("s6"), SOCK_STREAM, 4000), good = 0;
    pthread_t thread;

    pthread_create(&thread, NULL, flip, &r);
    for (int i = 0; i < (in->watch.own_network ? 3000 : 500) || (good <= 10 && i < 10000); i++) {
        int c = socket(AF_UNIX, SOCK_STREAM, 0), s;
        if (connect(c, (struct sockaddr *)&r.at, sizeof r.at) == 0) {
            good++;
            s = accept(l, NULL, NULL);
            close(s);
        }
        close(c);
    }
    r.stop = 1;
    pthread_join(thread, NULL);
    NEED(good > 10);
    return 0;
}

static int race_descriptor(struct inside *in)
{
    struct race r = {.at = in_folder("out"), .sockets = {socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_INET, SOCK_STREAM, 0), 100}};
    struct sockaddr_un at = in_folder("out");
    pthread_t thread;

    pthread_create(&thread, NULL, flip, &r);
    for (int i = 0; i < (in->watch.own_network ? 2000 : 300); i++) {
        at.sun_family = i & 1 ? AF_UNIX : AF_INET;
        connect(100, (struct sockaddr *)&at, sizeof at);
    }
    r.stop = 1;
    pthread_join(thread, NULL);
    return 0;
}

static void listeners_outside(struct inside *in)
{
    char path[160];

    CHECK(inside_run(in, reach_outside) == 0, "listeners outside are refused");
    snprintf(path, sizeof path, "unix:%s/out", folder);
    CHECK(inside_recorded(in, path, EACCES), "and recorded, by the path");
    snprintf(path, sizeof path, "%s/secret", folder);
    in->watch.secrets = &(struct str){path, strlen(path)};
    in->watch.secret_count = 1;
    CHECK(inside_run(in, reach_secret) == 0, "what lies in a secret place is refused, whoever listens");
    in->watch.secret_count = 0;
    CHECK(inside_run(in, race_address) == 0, "an address that another thread flips reaches the inside at times");
    CHECK(inside_run(in, race_descriptor) == 0, "a descriptor that another thread replaces holds nobody up");
}

/* ---- those that wait ---- */

/* A listener with a full queue; its descriptor. */
static int full(const char *name, int *fill)
{
    int l = listen_at(in_folder(name), SOCK_STREAM, 0);

    *fill = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect_at(*fill, in_folder(name)) == 0 ? l : -1;
}

static int wait_for_ever(struct inside *in)
{
    int c = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)in;
    connect_at(c, in_folder("full"));
    return 7;
}

static int hold_full(struct inside *in)
{
    int fill, l = full("full", &fill);

    (void)in;
    NEED(l >= 0);
    pause_ms(60 * 1000);
    return 0;
}

static int wait_then_reach(struct inside *in)
{
    int fill, l = full("s7", &fill), c = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t pid;

    (void)in;
    NEED(l >= 0);
    pid = fork();
    if (pid == 0) {
        pause_ms(150);
        accept(l, NULL, NULL);
        pause_ms(1000);
        _exit(0);
    }
    NEED(connect_at(c, in_folder("s7")) == 0 && waitpid(pid, NULL, 0) == pid);
    NEED(!(fcntl(c, F_GETFL) & O_NONBLOCK));
    return 0;
}

static int wait_with_patience(struct inside *in)
{
    int fill, l = full("s8", &fill), c = socket(AF_UNIX, SOCK_STREAM, 0);
    struct timeval patience = {0, 200000};

    (void)in;
    NEED(l >= 0 && connect_at(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), in_folder("s8")) == EAGAIN);
    setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    NEED(connect_at(c, in_folder("s8")) == EAGAIN);
    return 0;
}

static volatile sig_atomic_t heard;

static void hear(int number)
{
    (void)number;
    heard = heard + 1;
}

static int wait_and_hear(struct inside *in)
{
    int fill, l = full("s9", &fill), c = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sigaction action = {.sa_handler = hear};
    struct itimerval soon = {.it_value = {0, 100000}};
    pid_t pid;

    (void)in;
    NEED(l >= 0 && sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    NEED(connect_at(c, in_folder("s9")) == EINTR && heard == 1);
    action.sa_flags = SA_RESTART;
    NEED(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    pid = fork();
    if (pid == 0) {
        pause_ms(400);
        accept(l, NULL, NULL);
        pause_ms(1000);
        _exit(0);
    }
    NEED(connect_at(c, in_folder("s9")) == 0 && heard == 2 && waitpid(pid, NULL, 0) == pid);
    return 0;
}

static int wait_and_stop(struct inside *in)
{
    int fill, l = full("s11", &fill), status = 0;
    pid_t pid;

    (void)in;
    NEED(l >= 0);
    pid = fork();
    if (pid == 0)
        _exit(connect_at(socket(AF_UNIX, SOCK_STREAM, 0), in_folder("s11")) == 0 ? 9 : 1);
    pause_ms(100);
    kill(pid, SIGSTOP);
    for (int i = 0; i < 100 && waitpid(pid, &status, WUNTRACED | WNOHANG) == 0; i++)
        pause_ms(10);
    NEED(WIFSTOPPED(status));
    NEED(accept(l, NULL, NULL) >= 0 && kill(pid, SIGCONT) == 0);
    NEED(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9);
    return 0;
}

static void *wait_in_thread(void *context)
{
    *(long *)context = connect_at(socket(AF_UNIX, SOCK_STREAM, 0), in_folder("s10"));
    return NULL;
}

#define MAY_WAIT 48 /* threads of one process: gate_inside.h */
#define MANY     60

/* More at once than one program may have waiting. */
static int wait_many(struct inside *in)
{
    int fill, l = full("s10", &fill), refused = 0;
    static pthread_t threads[MANY];
    static long codes[MANY];

    (void)in;
    NEED(l >= 0);
    for (int i = 0; i < MANY; i++) {
        codes[i] = -1;
        pthread_create(&threads[i], NULL, wait_in_thread, &codes[i]);
    }
    pause_ms(500);
    for (int i = 0; i < MANY; i++)
        refused += __atomic_load_n(&codes[i], __ATOMIC_ACQUIRE) == EAGAIN;
    NEED(refused == MANY - MAY_WAIT);
    for (int i = 0; i < MAY_WAIT; i++)
        NEED(accept(l, NULL, NULL) >= 0); /* as many as wait are reached in the end */
    return 0; /* and all are gone with us */
}

static void those_that_wait(struct inside *in)
{
    pid_t holder = inside_start(in, hold_full), waiting[10];
    struct stat st;
    int before;

    for (int i = 0; i < 100 && stat(in_folder("full").sun_path, &st) != 0; i++)
        pause_ms(10);
    pause_ms(50);
    before = open_descriptors();
    for (size_t i = 0; i < COUNT_OF(waiting); i++)
        waiting[i] = inside_start(in, wait_for_ever);
    pause_ms(150);
    CHECK(waitpid(waiting[0], NULL, WNOHANG) == 0, "who connects to a full listener waits");
    CHECK(inside_run(in, by_path) == 0, "and holds nobody else up");
    for (size_t i = 0; i < COUNT_OF(waiting); i++)
        kill(waiting[i], SIGKILL);
    for (size_t i = 0; i < COUNT_OF(waiting); i++)
        waitpid(waiting[i], NULL, 0);
    for (int i = 0; i < 100 && open_descriptors() != before; i++)
        pause_ms(20);
    CHECK(open_descriptors() == before && inside_run(in, by_path) == 0, "those who were killed as they waited are forgotten");
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    CHECK(inside_run(in, wait_then_reach) == 0, "a full listener is reached when it has accepted");
    CHECK(inside_run(in, wait_with_patience) == 0, "a socket's own patience is kept, and one that may not wait does not");
    CHECK(inside_run(in, wait_and_hear) == 0, "a signal's handler runs: EINTR, or on it goes as the handler was installed");
    CHECK(inside_run(in, wait_and_stop) == 0, "who waits can be stopped, and goes on");
    CHECK(inside_run(in, wait_many) == 0, "one program cannot fill the table");
}

/* ---- the network ---- */

static struct sockaddr_in v4(const char *host, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    inet_pton(AF_INET, host, &at.sin_addr);
    return at;
}

static int listen_loopback(struct sockaddr_in *at, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof *at;

    *at = v4("127.0.0.1", 0);
    if (bind(fd, (struct sockaddr *)at, size) != 0 || getsockname(fd, (struct sockaddr *)at, &size) != 0 ||
        listen(fd, backlog) != 0)
        return -1;
    return fd;
}

static int by_loopback(struct inside *in)
{
    struct sockaddr_in at, gone;
    int l = listen_loopback(&at, 5), c = socket(AF_INET, SOCK_STREAM, 0), n = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int closed = listen_loopback(&gone, 1), u = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct pollfd p = {.fd = n, .events = POLLOUT};

    (void)in;
    close(closed);
    NEED(l >= 0 && connect(c, (struct sockaddr *)&at, sizeof at) == 0);
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) < 0 && errno == EISCONN);
    NEED(connect(n, (struct sockaddr *)&at, sizeof at) < 0 && errno == EINPROGRESS);
    NEED(poll(&p, 1, 2000) == 1 && connect(n, (struct sockaddr *)&at, sizeof at) == 0);
    c = socket(AF_INET, SOCK_STREAM, 0);
    NEED(connect(c, (struct sockaddr *)&gone, sizeof gone) < 0 && errno == ECONNREFUSED);
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) == 0);
    NEED(connect(u, (struct sockaddr *)&at, sizeof at) == 0 && connect(u, &none, sizeof none) == 0);
    NEED(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, 3) < 0 && errno == EINVAL);
    return 0;
}

/* The handshake is not answered while the queue is full: a connection that takes its time. */
static int by_slow_loopback(struct inside *in)
{
    struct sockaddr_in at;
    struct timeval patience = {0, 200000};
    int l = listen_loopback(&at, 0), fill = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), error = 1;
    socklen_t size = sizeof error;
    pid_t pid;

    (void)in;
    NEED(connect(fill, (struct sockaddr *)&at, sizeof at) == 0);
    setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) < 0 && errno == EINPROGRESS);
    close(c);
    c = socket(AF_INET, SOCK_STREAM, 0);
    pid = fork();
    if (pid == 0) {
        pause_ms(200);
        for (int i = 0; i < 2; i++)
            accept(l, NULL, NULL);
        pause_ms(3000);
        _exit(0);
    }
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) == 0);
    NEED(getsockopt(c, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 && write(c, "x", 1) == 1);
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) < 0 && errno == EISCONN);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static int reach_network(struct inside *in)
{
    struct sockaddr_in at = v4("192.0.2.1", 80);
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    int c = socket(AF_INET, SOCK_STREAM, 0), n = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);

    (void)in;
    NEED(connect(c, (struct sockaddr *)&at, sizeof at) < 0 && errno == ENETUNREACH);
    inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr);
    NEED(n < 0 || (connect(n, (struct sockaddr *)&six, sizeof six) < 0 && (errno == ENETUNREACH || errno == EADDRNOTAVAIL)));
    return 0;
}

static void the_network(struct inside *in)
{
    inside_recorded(in, "", 0);
    CHECK(inside_run(in, by_loopback) == 0, "loopback works, blocking or not, with the kernel's own answers");
    CHECK(inside_run(in, by_slow_loopback) == 0, "a connection that takes its time is completed, or its patience kept");
    CHECK(!inside_recorded(in, "", 0), "none of which is recorded");
    CHECK(inside_run(in, reach_network) == 0, "the network beyond is refused");
    CHECK(inside_recorded(in, "192.0.2.1:80", ENETUNREACH), "and recorded, by address and port");
}

/* ---- datagrams ---- */

static int no_datagrams(struct inside *in)
{
    int ends[2];

    (void)in;
    NEED(socket(AF_UNIX, SOCK_DGRAM, 0) < 0 && errno == EACCES);
    NEED(socket(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0 && errno == EACCES);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && socket(AF_INET, SOCK_DGRAM, 0) >= 0);
    return 0;
}

static int datagrams(struct inside *in)
{
    struct sockaddr_un at = in_folder("d1");
    int l = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0), ends[2];
    char byte;

    (void)in;
    NEED(bind(l, (struct sockaddr *)&at, sizeof at) == 0 && connect_at(c, at) == 0);
    NEED(write(c, "x", 1) == 1 && read(l, &byte, 1) == 1);
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    return 0;
}

static void the_datagrams(struct inside *in)
{
    CHECK(inside_run(in, no_datagrams) == 0, "datagram sockets of the unix family are refused");
    CHECK(inside_recorded(in, "unix datagram", EACCES), "and recorded");
    in->watch.unix_datagrams = true;
    CHECK(inside_run(in, datagrams) == 0, "unless the policy lets them be");
    in->watch.unix_datagrams = false;
}

/* ---- */

enum kind { OWN_NETWORK, MACHINES_NETWORK, WITHOUT_TABLE };

static int all_inside(enum kind kind)
{
    static struct inside in;
    int before;

    if (!inside_prepare(&in, kind != MACHINES_NETWORK) || (kind == WITHOUT_TABLE && !inside_without_table())) {
        CHECK(false, "a sandbox is prepared");
        return 1;
    }
    before = open_descriptors();
    listeners_inside(&in);
    listeners_outside(&in);
    if (kind == OWN_NETWORK) {
        those_that_wait(&in);
        the_network(&in);
        the_datagrams(&in);
    } else if (kind == MACHINES_NETWORK) {
        inside_recorded(&in, "", 0); /* what the races left */
        CHECK(inside_run(&in, reach_outside) == 0 && inside_recorded(&in, "unix:@cordon-gate-outside", EACCES),
            "in the machine's network abstract names outside are refused and recorded");
    }
    for (int i = 0; i < 100 && open_descriptors() != before; i++)
        pause_ms(20); /* those who served, and those that were killed as they waited, are let go of soon */
    CHECK(open_descriptors() == before, "no descriptor is left behind");
    return check_failures ? 1 : 0;
}

static bool run_all(enum kind kind)
{
    static const char *const made[] = {"link", "alias", "second", "fifo"};
    static const char *const names[] = {"all of that in a network of our own", "all of that in the machine's network",
        "all of that on a kernel without a table of sockets"};
    int status = 1;
    pid_t pid, one;

    for (size_t i = 0; i < COUNT_OF(made); i++)
        unlink(in_folder(made[i]).sun_path);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        close(outside_path);
        close(outside_packets);
        close(outside_abstract);
        if (!inside_enter(kind != MACHINES_NETWORK))
            _exit(77);
        one = fork();
        if (one == 0)
            _exit(all_inside(kind));
        _exit(one > 0 && waitpid(one, &status, 0) == one && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        CHECK_SKIP("the gate", "no namespaces of our own can be had here");
        return false;
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, names[kind]);
    return true;
}

int main(int argc, char **argv)
{
    struct sockaddr_un at;
    socklen_t size;
    pid_t pid;

    if (argc == 3) {
        snprintf(folder, sizeof folder, "%s", argv[1]);
        return agent((int)strtol(argv[2], NULL, 10));
    }
    snprintf(folder, sizeof folder, "/tmp/cordon-gate.XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    outside_path = listen_at(in_folder("out"), SOCK_STREAM, 100);
    outside_packets = listen_at(in_folder("outseq"), SOCK_SEQPACKET, 100);
    outside_abstract = socket(AF_UNIX, SOCK_STREAM, 0);
    at = abstract("cordon-gate-outside", &size);
    CHECK(outside_path >= 0 && outside_packets >= 0 && bind(outside_abstract, (struct sockaddr *)&at, size) == 0 &&
              listen(outside_abstract, 100) == 0,
        "listeners stand outside");
    if (run_all(OWN_NETWORK)) {
        run_all(MACHINES_NETWORK);
        run_all(WITHOUT_TABLE);
        CHECK(!is_reached(outside_path) && !is_reached(outside_packets) && !is_reached(outside_abstract),
            "nobody ever reached a listener outside");
    }
    pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-r", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return CHECK_END();
}
