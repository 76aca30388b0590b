/* What the system grants the audio thread. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stream.h"

enum { STACK_TOUCHED = 64 * 1024 };

void ddsp_schedule_thread(const ddsp_stream_config *config, ddsp_stream_got *got)
{
    if (config->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        if (config->cpu < CPU_SETSIZE)
            CPU_SET(config->cpu, &set);
        got->cpu_error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    }
    if (config->priority > 0) {
        const struct sched_param wanted = {.sched_priority = config->priority};
        got->priority_error = pthread_setschedparam(pthread_self(), SCHED_FIFO, &wanted);
        got->priority = got->priority_error ? 0 : config->priority;
    }
    /* The stack is there before it is needed. */
    volatile char stack[STACK_TOUCHED];
    for (size_t i = 0; i < sizeof stack; i += 1024)
        stack[i] = 0;
}

/* Only where there is no limit: under one, a later allocation anywhere in the process
 * would fail. ONFAULT: what is never touched (stacks, reserves) takes no memory. */
void ddsp_lock_memory(const ddsp_stream_config *config, ddsp_stream_got *got)
{
    struct rlimit limit;
    if (!config->lock_memory)
        return;
    if (geteuid() != 0
        && (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY)) {
        got->lock_error = EPERM;
        return;
    }
    got->locked = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    got->lock_error = got->locked ? 0 : errno;
}
