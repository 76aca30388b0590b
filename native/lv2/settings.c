/* As ddsp_edge/decoding/conditioner.py, effect/player.py, synth/notes.py and
 * live/mixer_controls.py read the settings. */
#include "lv2/settings.h"

#include <math.h>

#include "common/sanitize.h"
#include "lv2/settings_table.h"

#define HALF_TURN 3.14159265358979323846
_Static_assert((int)SETTINGS <= (int)MOST_SETTINGS, "raise MOST_SETTINGS");

void ddsp_settings_init(ddsp_settings *settings)
{
    for (int s = 0; s < SETTINGS; s++)
        settings->value[s] = setting_ranges[s].initial;
}

int ddsp_settings_ports(int listens)
{
    return listens ? (int)(sizeof effect_settings / sizeof *effect_settings)
                   : (int)(sizeof instrument_settings / sizeof *instrument_settings);
}

int ddsp_settings_at(int listens, int place)
{
    return listens ? effect_settings[place] : instrument_settings[place];
}

int ddsp_settings_take(ddsp_settings *settings, int number, float value)
{
    const float low = setting_ranges[number].minimum, high = setting_ranges[number].maximum;
    value = value != value ? setting_ranges[number].initial
                           : value < low ? low : value > high ? high : value;
    if (setting_ranges[number].whole)
        value = rintf(value);
    if (value == settings->value[number])
        return 0;
    settings->value[number] = value;
    return 1;
}

static float get(const ddsp_settings *settings, int number)
{
    return settings->value[number];
}

ddsp_conditioning ddsp_settings_conditioning(const ddsp_settings *s)
{
    return (ddsp_conditioning){
        .pitch_shift = get(s, SETTING_PITCH_SHIFT),
        .input_pitch = get(s, SETTING_INPUT_PITCH),
        .input_gain_db = get(s, SETTING_INPUT_GAIN),
        .harmonic_gain_db = get(s, SETTING_HARMONIC_GAIN),
        .noise_gain_db = get(s, SETTING_NOISE_GAIN),
        .unpitched = get(s, SETTING_UNPITCHED),
        .morph = get(s, SETTING_MORPH),
        .beyond = get(s, SETTING_BEYOND_RANGE), /* thin, silent */
    };
}

/* The scale's pitch classes above its key note, as those above C. */
static uint32_t pitch_classes(int key, int scale)
{
    const unsigned above = scale_notes[scale];
    return (above << key | above >> (12 - key)) & 0xfffu;
}

ddsp_effect_settings ddsp_settings_effect(const ddsp_settings *s)
{
    static const int modes[] = {DDSP_SNAP_OFF, DDSP_SNAP_SOFT, DDSP_SNAP_HARD};
    return (ddsp_effect_settings){
        .gate_db = get(s, SETTING_GATE),
        .gate_hysteresis_db = get(s, SETTING_GATE_HYSTERESIS),
        .snap_offset = (float)(12.0 * log2(get(s, SETTING_TUNING) / 440.0)),
        .transpose = get(s, SETTING_PITCH_SHIFT),
        .snap = modes[(int)get(s, SETTING_SNAP)],
        .snap_notes = pitch_classes((int)get(s, SETTING_SNAP_KEY), (int)get(s, SETTING_SNAP_SCALE)),
    };
}

/* How much is heard of a group of the expression. */
static float amount(const ddsp_settings *s, int group)
{
    return get(s, SETTING_EXPRESSION) * get(s, group);
}

ddsp_receiver_settings ddsp_settings_receiver(const ddsp_settings *s)
{
    return (ddsp_receiver_settings){
        .synth = {
            .attack_s = get(s, SETTING_ATTACK),
            .decay_s = get(s, SETTING_DECAY),
            .sustain = get(s, SETTING_SUSTAIN),
            .release_s = get(s, SETTING_RELEASE),
            .tuning_hz = get(s, SETTING_TUNING),
            .velocity_range_db = get(s, SETTING_VELOCITY_RANGE),
            .vibrato_rate_hz = get(s, SETTING_VIBRATO_RATE),
            .vibrato_depth = get(s, SETTING_VIBRATO_DEPTH),
            .vibrato_amount = amount(s, SETTING_EXPRESSION_VIBRATO),
            .pitch_amount = amount(s, SETTING_EXPRESSION_PITCH),
            .dynamics_amount = amount(s, SETTING_EXPRESSION_DYNAMICS),
            .attack_amount = amount(s, SETTING_EXPRESSION_ATTACK),
            .vibrato_waves = waves_in_beat[(int)get(s, SETTING_VIBRATO_SYNC)],
        },
        .portamento_s = get(s, SETTING_PORTAMENTO),
        .bend_range = get(s, SETTING_BEND_RANGE),
        .voices = (int)get(s, SETTING_VOICES),
        .priority = (int)get(s, SETTING_PRIORITY),
        .channel = (int)get(s, SETTING_CHANNEL),
        .mpe = (int)get(s, SETTING_MPE),
        .swells = (int)get(s, SETTING_SWELL_SYNC), /* off, beat, bar */
    };
}

void ddsp_settings_point(const ddsp_settings *s, const ddsp_feature_frame *frame, float *note,
                         float *loudness_db)
{
    const float moved = get(s, SETTING_PITCH_SHIFT) + get(s, SETTING_INPUT_PITCH);
    const float above = frame->f0_hz > 0.0f ? log2f(frame->f0_hz / get(s, SETTING_TUNING)) : 0.0f;
    const float loudness = frame->loudness_db + get(s, SETTING_INPUT_GAIN);
    *note = frame->f0_hz > 0.0f ? ddsp_within(69.0f + 12.0f * above + moved, 0.0f, 127.0f) : 0.0f;
    /* No gain makes a silence sound. */
    *loudness_db = frame->loudness_db > SILENCE_DB ? ddsp_within(loudness, SILENCE_DB, 0.0f)
                                                   : SILENCE_DB;
}

static double gain(double db)
{
    return pow(10.0, db / 20.0);
}

void ddsp_settings_mix(const ddsp_settings *s, int listens, double pan, ddsp_rig *rig)
{
    const double mix = listens ? get(s, SETTING_MIX) : 1.0, turn = 0.5 * HALF_TURN * mix;
    const double side = fmin(fmax(get(s, SETTING_PAN) + pan, -1.0), 1.0);
    const double angle = (side + 1.0) * (HALF_TURN / 4.0);
    const double level = gain(get(s, SETTING_OUTPUT_GAIN));
    ddsp_rig_set(rig, DDSP_TRIM, (float)gain(get(s, SETTING_INPUT_TRIM)));
    ddsp_rig_set(rig, DDSP_DRY, mix < 1.0 ? (float)cos(turn) : 0.0f);
    ddsp_rig_set(rig, DDSP_WET, mix < 1.0 ? (float)sin(turn) : 1.0f);
    ddsp_rig_set(rig, DDSP_REVERB_SIZE, get(s, SETTING_REVERB_SIZE));
    ddsp_rig_set(rig, DDSP_REVERB_DAMPING, get(s, SETTING_REVERB_DAMPING));
    ddsp_rig_set(rig, DDSP_REVERB_WET, get(s, SETTING_REVERB_WET));
    ddsp_rig_set(rig, DDSP_BODY, get(s, SETTING_BODY));
    ddsp_rig_set(rig, DDSP_GAIN_LEFT, (float)(level * sqrt(2.0) * cos(angle)));
    ddsp_rig_set(rig, DDSP_GAIN_RIGHT, (float)(level * sqrt(2.0) * sin(angle)));
    ddsp_rig_set(rig, DDSP_INPUT, 0.0f);
}
