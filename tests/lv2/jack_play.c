/* Plays a plug-in that another program hosts as a JACK client. Arguments: CLIENT FRAMES OUT
 * [in=FILE | midi=FILE].
 *
 * CLIENT: the host's name. OUT: raw float32, stereo. in: raw float32, mono; midi: lines of "frame
 * byte byte byte", in hexadecimal. The server is in freewheel mode meanwhile: each block waits for
 * every client, however slow the machine. The first client here plays, the second one records what
 * the host makes of it in the same block.
 */
#define _GNU_SOURCE
#include <jack/jack.h>
#include <jack/midiport.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_EVENTS = 1 << 14, WAIT_S = 60 };

static struct { long frame; jack_midi_data_t bytes[3]; size_t n; } events[MOST_EVENTS];
static int n_events, next_event;
static float *in, *out;
static long frames;
static atomic_long at = -1;         /* the frame at which this block begins */
static atomic_int go, done, lost;
static jack_port_t *to_audio, *to_midi, *from[2];

static int play(jack_nframes_t n, void *unused)
{
    (void)unused;
    float *audio = jack_port_get_buffer(to_audio, n);
    void *midi = jack_port_get_buffer(to_midi, n);
    memset(audio, 0, n * sizeof *audio);
    jack_midi_clear_buffer(midi);
    if (!atomic_load(&go) || atomic_load(&done))
        return 0;
    const long begin = atomic_load(&at) < 0 ? 0 : atomic_load(&at) + (long)n;
    atomic_store(&at, begin);
    for (long i = 0; in && i < (long)n && begin + i < frames; i++)
        audio[i] = in[begin + i];
    for (; next_event < n_events && events[next_event].frame < begin + (long)n; next_event++) {
        const jack_nframes_t offset = (jack_nframes_t)(events[next_event].frame - begin);
        if (jack_midi_event_write(midi, offset, events[next_event].bytes, events[next_event].n))
            atomic_store(&lost, 1);
    }
    return 0;
}

static int hear(jack_nframes_t n, void *unused)
{
    (void)unused;
    const long begin = atomic_load(&at);
    if (begin < 0 || atomic_load(&done))
        return 0;
    for (int side = 0; side < 2; side++) {
        const float *audio = jack_port_get_buffer(from[side], n);
        for (long i = 0; i < (long)n && begin + i < frames; i++)
            out[2 * (begin + i) + side] = audio[i];
    }
    if (begin + (long)n >= frames)
        atomic_store(&done, 1);
    return 0;
}

static void stop(const char *why)
{
    fprintf(stderr, "jack_play: %s\n", why);
    exit(1);
}

static void read_midi(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[80];
    while (file && n_events < MOST_EVENTS && fgets(line, sizeof line, file)) {
        unsigned b[3];
        const int n = sscanf(line, "%ld %x %x %x", &events[n_events].frame, &b[0], &b[1], &b[2]);
        for (int i = 0; i < n - 1; i++)
            events[n_events].bytes[i] = (jack_midi_data_t)b[i];
        events[n_events++].n = (size_t)(n - 1);
    }
    if (!file)
        stop("no such score");
    fclose(file);
}

/* Connects as soon as the host is there and has been activated. */
static void connect(jack_client_t *client, const char *source, const char *destination)
{
    for (int tenths = 0; tenths < 10 * WAIT_S; tenths++) {
        if (jack_connect(client, source, destination) == 0)
            return;
        usleep(100000);
    }
    stop(destination);
}

static void wait_for(atomic_int *what)
{
    for (int tenths = 0; tenths < 10 * WAIT_S; tenths++) {
        if (atomic_load(what))
            return;
        usleep(100000);
    }
    stop("the server does not go on");
}

static atomic_int freewheels;

static void on_freewheel(int starting, void *unused)
{
    (void)unused;
    atomic_store(&freewheels, starting);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    frames = atol(argv[2]);
    in = NULL;
    out = calloc((size_t)frames * 2, sizeof *out);
    const int effect = strncmp(argv[4], "in=", 3) == 0;
    if (effect) {
        in = calloc((size_t)frames, sizeof *in);
        FILE *file = fopen(argv[4] + 3, "rb");
        if (!file || fread(in, sizeof *in, (size_t)frames, file) == 0)
            stop("no such sound");
        fclose(file);
    } else {
        read_midi(argv[4] + 5);
    }
    jack_client_t *player = jack_client_open("score", JackNoStartServer, NULL);
    jack_client_t *ear = jack_client_open("ear", JackNoStartServer, NULL);
    if (!player || !ear)
        stop("no server");
    to_audio = jack_port_register(player, "audio", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    to_midi = jack_port_register(player, "midi", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    from[0] = jack_port_register(ear, "left", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    from[1] = jack_port_register(ear, "right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(player, play, NULL);
    jack_set_process_callback(ear, hear, NULL);
    jack_set_freewheel_callback(player, on_freewheel, NULL);
    if (jack_activate(player) || jack_activate(ear))
        stop("cannot be activated");
    char name[200];
    snprintf(name, sizeof name, "%s:out_left", argv[1]);
    connect(ear, name, jack_port_name(from[0]));
    snprintf(name, sizeof name, "%s:out_right", argv[1]);
    connect(ear, name, jack_port_name(from[1]));
    snprintf(name, sizeof name, "%s:%s", argv[1], effect ? "in" : "control");
    connect(player, jack_port_name(effect ? to_audio : to_midi), name);
    if (jack_set_freewheel(player, 1))
        stop("no freewheel mode");
    wait_for(&freewheels);
    atomic_store(&go, 1);
    wait_for(&done);
    jack_set_freewheel(player, 0);
    jack_client_close(ear);
    jack_client_close(player);
    if (atomic_load(&lost))
        stop("a block takes fewer messages than the score has");
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(out, 2 * sizeof *out, (size_t)frames, file) != (size_t)frames)
        stop("OUT cannot be written");
    fclose(file);
    free(in);
    free(out);
    return 0;
}
