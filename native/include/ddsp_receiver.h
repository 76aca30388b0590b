/* ddsp_receiver.h: from MIDI messages to events of a synth player. Rules and threads: ddsp_common.h.
 *
 * For hosts without Python (the LV2 plug-in): the table of messages, keys, pedals, controllers and
 * the allocation of voices, as ddsp_edge/synth has them (each channel has its own state, an MPE
 * zone's manager that of the zone). There is one port. Program changes and banks are for whoever
 * chooses the model. Times are seconds of the sound's clock.
 */

typedef struct ddsp_receiver ddsp_receiver;

/* The most events that one call makes. */
enum { DDSP_RECEIVER_EVENTS = 64 };

/* The zones that the setting mpe means: none, the lower, the upper, both of 7 members. */
enum { DDSP_MPE_OFF = 0, DDSP_MPE_ON = 1, DDSP_MPE_UPPER = 2, DDSP_MPE_BOTH = 3 };

/* Which of several held keys one voice plays. */
enum { DDSP_PRIORITY_LAST = 0, DDSP_PRIORITY_HIGH = 1, DDSP_PRIORITY_LOW = 2 };

typedef struct {
    ddsp_synth_settings synth;
    double portamento_s;      /* 0..60: of a glide while CC 65 is on, until CC 5 is sent */
    double bend_range;        /* semitones, 0..96: of the full wheel, until RPN 0 is sent */
    int32_t voices;           /* 1..16: how many notes sound at once; 1 plays legato */
    int32_t priority;         /* DDSP_PRIORITY_* */
    int32_t channel;          /* 1..16: the one that is heard; 0 hears all but the drums' */
    int32_t mpe;              /* DDSP_MPE_* */
    int32_t swells;           /* DDSP_SWELLS_* */
} ddsp_receiver_settings;

/* Setup. NULL when out of memory. Values outside their range count as its nearest end. */
ddsp_receiver *ddsp_receiver_new(const ddsp_receiver_settings *settings);

/* Setup. NULL is allowed. */
void ddsp_receiver_free(ddsp_receiver *receiver);

/* Audio. As new, at other settings: no key, pedal or controller is remembered. */
void ddsp_receiver_reset(ddsp_receiver *receiver, const ddsp_receiver_settings *settings);

/* Audio. Notes are played from now on as an instrument's expression, which is good, says: each
 * choice is drawn as a ddsp_chooser of that seed would, of notes whose length and phrase nobody
 * knows. NULL: as they are written, which is also so at first and after a reset. */
void ddsp_receiver_perform(ddsp_receiver *receiver, const ddsp_expression *expression,
                           uint32_t seed);

/* Audio. What is known of the player's DDSP_MAX_VOICES voices; give it before a message. A voice
 * whose serial is not that of the last event made for it counts as that event left it. */
void ddsp_receiver_states(ddsp_receiver *receiver, const ddsp_voice_state *states);

/* Each of the following is an audio function that returns how many events it wrote to `out`,
 * which has room for DDSP_RECEIVER_EVENTS. Send them in their order. */

/* One message of n bytes, with its status byte; incomplete, unknown and system exclusive ones do
 * nothing. */
int ddsp_receiver_take(ddsp_receiver *receiver, double time_s, const uint8_t *bytes, int n,
                       ddsp_event *out);

/* After the messages that came together: what wheels, pressure and pedals changed. */
int ddsp_receiver_tell(ddsp_receiver *receiver, ddsp_event *out);

/* At every tick or so, after the messages of that moment: lets go of everything where active
 * sensing has stopped. */
int ddsp_receiver_pass_time(ddsp_receiver *receiver, double time_s, ddsp_event *out);

/* New settings while playing; another number of voices, channel or mpe lets go of every note. The
 * first event says them to the player, which has to be told once at the start too. */
int ddsp_receiver_set(ddsp_receiver *receiver, const ddsp_receiver_settings *settings,
                      ddsp_event *out);

/* Where beats and bar lines are from now on: vibratos go over to them smoothly, swells of the notes
 * to come are shaped by them. */
int ddsp_receiver_follow(ddsp_receiver *receiver, const ddsp_bars *bars, ddsp_event *out);

/* Silence at once; every key, pedal and wheel as if nobody touched it. */
int ddsp_receiver_panic(ddsp_receiver *receiver, double time_s, ddsp_event *out);

/* Audio. CC 10, -1..1, of the channel whose note was struck last; 0 until it is sent. */
double ddsp_receiver_pan(const ddsp_receiver *receiver);
