/* In the guest: how late a thread like the audio thread is woken. SCHED_FIFO 70, memory locked, periods of
 * 256 samples at 48 kHz. Prints microseconds: median, 99th and 99.9th in a hundred, longest.
 *   wakeups PERIODS */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PERIOD_NS 5333333L

static int ascending(const void *a, const void *b) {
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0;
    struct sched_param priority = {.sched_priority = 70};
    long *late = count > 0 ? calloc((size_t)count, sizeof *late) : NULL;
    if (late == NULL || mlockall(MCL_CURRENT | MCL_FUTURE) != 0 || sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
        return 1;
    struct timespec at, now;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (int i = 0; i < count; i++) {
        at.tv_nsec += PERIOD_NS;
        if (at.tv_nsec >= 1000000000L) {
            at.tv_nsec -= 1000000000L;
            at.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        late[i] = (now.tv_sec - at.tv_sec) * 1000000000L + now.tv_nsec - at.tv_nsec;
    }
    qsort(late, (size_t)count, sizeof *late, ascending);
    printf("WAKEUPS %.1f %.1f %.1f %.1f\n", late[count / 2] / 1e3, late[count * 99L / 100] / 1e3, late[count * 999L / 1000] / 1e3,
           late[count - 1] / 1e3);
    return 0;
}
