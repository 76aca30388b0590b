/* Sixty-four instances in one host, half of them effects, block after block. Arguments: FOLDER MODEL
 * BLOCKS. From the middle on half of them play MODEL. Prints "0 failures" where each one sounds,
 * stays finite, has no complaint and says that it plays the right model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

enum { INSTANCES = 64, BLOCK = 128 };
static host *hosts[INSTANCES];
static int failures;

static void check(int good, const char *what, int i)
{
    if (!good) {
        failures++;
        printf("instance %d: %s\n", i, what);
    }
}

static void feed(host *h, int i, long block)
{
    if (h->effect) {
        const double hz = 220.0 + 10.0 * i;
        for (int n = 0; n < BLOCK; n++)
            h->in[n] = 0.3f * (float)sin(6.283185307179586 * hz * (double)(block * BLOCK + n) / 48e3);
    } else if (block % 100 == 0) {
        const uint8_t off[] = {0x80, (uint8_t)(55 + i % 12), 0};
        const uint8_t on[] = {0x90, (uint8_t)(55 + i % 12), 90};
        host_midi(h, 0, off, 3);
        host_midi(h, 1, on, 3);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const long blocks = atol(argv[3]);
    static double power[INSTANCES];
    for (int i = 0; i < INSTANCES; i++) {
        hosts[i] = host_new(i % 2 ? "urn:ddsp-edge:effect" : "urn:ddsp-edge:instrument", 48e3,
                            argv[1], WORK_AFTER, 0);
        if (!hosts[i])
            return 3;
        hosts[i]->plugin->activate(hosts[i]->handle);
    }
    for (long block = 0; block < blocks; block++)
        for (int i = 0; i < INSTANCES; i++) {
            host *h = hosts[i];
            if (block == blocks / 2 && i % 4 < 2)
                host_set_path(h, 0, "urn:ddsp-edge:model", argv[2]);
            feed(h, i, block);
            host_run(h, BLOCK);
            int finite = 1;
            for (int n = 0; n < BLOCK; n++) {
                finite = finite && isfinite(h->left[n]) && isfinite(h->right[n]);
                power[i] += (double)h->left[n] * (double)h->left[n];
            }
            check(finite, "not finite", i);
        }
    for (int i = 0; i < INSTANCES; i++) {
        check(power[i] > 1e-6 * (double)blocks * BLOCK, "silent", i);
        check(hosts[i]->complaints == 0, "complains", i);
        if (i % 4 < 2)
            check(strcmp(hosts[i]->told[0], argv[2]) == 0, "does not play the other model", i);
        if (hosts[i]->plugin->deactivate)
            hosts[i]->plugin->deactivate(hosts[i]->handle);
        host_free(hosts[i]);
    }
    printf("%d failures\n", failures);
    return failures != 0;
}
