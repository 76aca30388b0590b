/* Plays a plug-in offline. Arguments: URI RATE BLOCK FRAMES FOLDER OUT [OPTION]...
 *
 * BLOCK: frames a block, or 0 for lengths that vary (0 to 8192). OUT: raw float32, stereo.
 *   in=FILE      raw float32, mono, at the effect's input
 *   midi=FILE    lines of "frame byte byte byte", in hexadecimal
 *   NUMBER=VALUE a control port
 *   model@FRAME=PATH, morph@FRAME=PATH   patch:Set in the block of that frame
 *   position@FRAME=BPM:BAR:BEAT:PER_BAR:UNIT:SPEED   the transport's time:Position
 *   meter=NUMBER prints the value of an output port after each block, a line each
 *   time=1       prints the nanoseconds of this thread that run() took, instead of OUT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

typedef struct {
    long frame;
    uint8_t bytes[3];
    int n;
    const char *property, *path, *position;
} scheduled;

static scheduled events[1 << 16];
static int n_events;

static int by_frame(const void *a, const void *b)
{
    const scheduled *x = a, *y = b;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x < y ? -1 : 1;
}

static void read_midi(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[80];
    while (file && fgets(line, sizeof line, file)) {
        scheduled *event = &events[n_events++];
        unsigned b[3];
        event->n = sscanf(line, "%ld %x %x %x", &event->frame, &b[0], &b[1], &b[2]) - 1;
        for (int i = 0; i < event->n; i++)
            event->bytes[i] = (uint8_t)b[i];
    }
    if (file)
        fclose(file);
}

static void send_position(host *h, uint32_t offset, const char *position)
{
    float bpm, beat, per_bar, speed;
    int bar, unit;
    if (sscanf(position, "%f:%d:%f:%f:%d:%f", &bpm, &bar, &beat, &per_bar, &unit, &speed) != 6)
        exit(2);
    host_position(h, offset, bpm, bar, beat, per_bar, unit, speed);
}

int main(int argc, char **argv)
{
    if (argc < 7)
        return 2;
    const double rate = atof(argv[2]);
    const long block = atol(argv[3]), frames = atol(argv[4]);
    host *h = host_new(argv[1], rate, argv[5], WORK_AFTER, 1);
    if (!h)
        return 3;
    FILE *in = NULL;
    int timed = 0, meter = -1;
    for (int a = 7; a < argc; a++) {
        char *value = strchr(argv[a], '=');
        if (!value)
            return 2;
        *value++ = 0;
        if (strcmp(argv[a], "in") == 0) {
            in = fopen(value, "rb");
        } else if (strcmp(argv[a], "midi") == 0) {
            read_midi(value);
        } else if (strcmp(argv[a], "meter") == 0) {
            meter = atoi(value);
        } else if (strcmp(argv[a], "time") == 0) {
            timed = 1;
        } else if (strncmp(argv[a], "model@", 6) == 0 || strncmp(argv[a], "morph@", 6) == 0) {
            events[n_events++] = (scheduled){
                .frame = atol(argv[a] + 6),
                .property = argv[a][2] == 'd' ? "urn:ddsp-edge:model" : "urn:ddsp-edge:morph_model",
                .path = value,
            };
        } else if (strncmp(argv[a], "position@", 9) == 0) {
            events[n_events++] = (scheduled){.frame = atol(argv[a] + 9), .position = value};
        } else {
            h->control[atoi(argv[a])] = (float)atof(value);
        }
    }
    qsort(events, (size_t)n_events, sizeof *events, by_frame);
    FILE *out = timed ? NULL : fopen(argv[6], "wb");
    h->plugin->activate(h->handle);
    int next = 0;
    unsigned chance = 1;
    double took_ns = 0.0;
    for (long at = 0; at < frames;) {
        chance = chance * 1103515245u + 12345u;
        static const long lengths[] = {0, 1, 16, 17, 64, 100, 480, 1024, 2000, 8192};
        long n = block ? block : lengths[(chance >> 16) % 10];
        n = n < frames - at ? n : frames - at;
        for (; next < n_events && events[next].frame < at + n; next++) {
            const scheduled *event = &events[next];
            const uint32_t offset = event->frame > at ? (uint32_t)(event->frame - at) : 0;
            if (event->position)
                send_position(h, offset, event->position);
            else if (event->path)
                host_set_path(h, offset, event->property, event->path);
            else
                host_midi(h, offset, event->bytes, (uint32_t)event->n);
        }
        if (in && fread(h->in, sizeof(float), (size_t)n, in) != (size_t)n)
            memset(h->in, 0, sizeof h->in);
        struct timespec before, after;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
        host_run(h, (uint32_t)n);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
        if (meter >= 0)
            printf("%.6f\n", h->control[meter]);
        took_ns += (double)(after.tv_sec - before.tv_sec) * 1e9
                   + (double)(after.tv_nsec - before.tv_nsec);
        for (long i = 0; out && i < n; i++) {
            fwrite(&h->left[i], sizeof(float), 1, out);
            fwrite(&h->right[i], sizeof(float), 1, out);
        }
        at += n;
    }
    if (timed)
        printf("%.0f\n", took_ns);
    if (out)
        fclose(out);
    if (in)
        fclose(in);
    h->plugin->deactivate ? h->plugin->deactivate(h->handle) : (void)0;
    host_free(h);
    return 0;
}
