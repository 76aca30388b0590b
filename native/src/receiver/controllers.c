#include "receiver/controllers.h"

#include <math.h>
#include <string.h>

#define MAX_BEND_RANGE 96.0     /* semitones */
#define MEMBER_BEND_RANGE 48.0
#define LONGEST_GLIDE_S 5.0
#define OFF_DB (-200.0)         /* of a level controller at 0 */
enum { NO_RPN = 127, BEND_RANGE = 0, FINE_TUNING = 1, COARSE_TUNING = 2, MPE_ZONE = 6 };

static double from_centre(int value)
{
    return fmax(-1.0, (value - DDSP_MIDI_CENTRE) / 63.0);
}

void ddsp_controllers_init(ddsp_controllers *controllers, double bend_range, int channel)
{
    memset(controllers, 0, sizeof *controllers);
    controllers->volume = 1.0;
    controllers->glide_s = -1.0;
    controllers->channel = channel;
    controllers->member_bend_range = MEMBER_BEND_RANGE;
    controllers->data[FINE_TUNING][0] = controllers->data[COARSE_TUNING][0] = DDSP_MIDI_CENTRE;
    ddsp_controllers_set_bend_range(controllers, bend_range);
    ddsp_controllers_reset(controllers);
}

void ddsp_controllers_reset(ddsp_controllers *controllers)
{
    ddsp_controllers_hands_off(controllers);
    controllers->expression = controllers->breath = 1.0;
    controllers->blown = controllers->gliding = 0;
    controllers->glide_from = -1;
    controllers->rpn[0] = controllers->rpn[1] = NO_RPN;
}

void ddsp_controllers_hands_off(ddsp_controllers *controllers)
{
    controllers->touch.wheel = controllers->touch.pressure = 0.0;
    for (int c = 0; c < DDSP_MIDI_CHANNELS; c++)
        controllers->touches[c].wheel = controllers->touches[c].pressure = 0.0;
    controllers->vibrato = 0.0;
}

static void split_range(double semitones, int data[2])
{
    data[0] = (int)semitones;
    data[1] = (int)nearbyint(fmod(semitones, 1.0) * 100.0);
}

void ddsp_controllers_set_bend_range(ddsp_controllers *controllers, double semitones)
{
    split_range(semitones, controllers->data[BEND_RANGE]);
    controllers->bend_range = semitones;
}

void ddsp_controllers_set_zone(ddsp_controllers *controllers, int members)
{
    controllers->members = members < DDSP_MPE_MEMBERS ? members : DDSP_MPE_MEMBERS;
    memset(controllers->touches, 0, sizeof controllers->touches);
    controllers->member_bend_range = MEMBER_BEND_RANGE;
}

int ddsp_controllers_is_member(const ddsp_controllers *controllers, int channel)
{
    const int inward = controllers->channel == DDSP_MPE_LOWER ? channel - controllers->channel
                                                              : controllers->channel - channel;
    return inward > 0 && inward <= controllers->members;
}

ddsp_channel_touch *ddsp_controllers_touch_of(ddsp_controllers *controllers, int channel)
{
    return ddsp_controllers_is_member(controllers, channel) ? &controllers->touches[channel]
                                                            : &controllers->touch;
}

void ddsp_controllers_change(ddsp_controllers *controllers, int number, int value, int channel)
{
    const double part = value / 127.0;
    switch (number) {
    case 1: controllers->vibrato = part; break;
    case 2:
        /* A breath of 0 that was never more is a controller at rest. */
        controllers->blown = controllers->blown || value > 0;
        if (controllers->blown)
            controllers->breath = part;
        break;
    case 5: controllers->glide_s = LONGEST_GLIDE_S * pow(part, 3.0); break;
    case 7: controllers->volume = part; break;
    case 10: controllers->pan = from_centre(value); break;
    case 11: controllers->expression = part; break;
    case 65: controllers->gliding = value >= DDSP_MIDI_CENTRE; break;
    case 74:
        ddsp_controllers_touch_of(controllers, channel)->brightness = from_centre(value);
        break;
    case 84: controllers->glide_from = value; break;
    case 98:
    case 99: controllers->rpn[0] = controllers->rpn[1] = NO_RPN; break;
    case 100: controllers->rpn[1] = value; break;
    case 101: controllers->rpn[0] = value; break;
    default: break;
    }
}

static void apply_rpn(ddsp_controllers *controllers, int rpn, const int data[2], int member)
{
    if (rpn == BEND_RANGE) {
        const double cents = data[1] < 99 ? data[1] : 99;
        const double range = fmin(data[0] + cents / 100.0, MAX_BEND_RANGE);
        *(member ? &controllers->member_bend_range : &controllers->bend_range) = range;
    } else if (rpn == FINE_TUNING) {
        controllers->fine = (128 * data[0] + data[1] - 8192) / 8192.0;
    } else {
        controllers->coarse = data[0] - DDSP_MIDI_CENTRE;
    }
}

int ddsp_controllers_data_entry(ddsp_controllers *controllers, int value, int channel, int fine)
{
    const int rpn = controllers->rpn[1];
    if (controllers->rpn[0] != 0)
        return 0;
    if (rpn == MPE_ZONE)
        return !fine && (channel == DDSP_MPE_LOWER || channel == DDSP_MPE_UPPER_MANAGER);
    if (rpn > COARSE_TUNING)
        return 0;
    int of_members[2], *data = controllers->data[rpn];
    const int member = ddsp_controllers_is_member(controllers, channel);
    if (rpn == BEND_RANGE && member) {
        split_range(controllers->member_bend_range, of_members);
        data = of_members;
    }
    data[fine] = value;
    apply_rpn(controllers, rpn, data, member);
    return 0;
}

ddsp_exact_touch ddsp_controllers_note(const ddsp_controllers *controllers,
                                       const ddsp_channel_touch *member, double key_pressure)
{
    static const ddsp_channel_touch at_rest = {0};
    const ddsp_channel_touch *all = &controllers->touch, *own = member ? member : &at_rest;
    const double gain = controllers->volume * controllers->expression * controllers->breath;
    return (ddsp_exact_touch){
        .bend = all->wheel * controllers->bend_range + (controllers->fine + controllers->coarse)
                + own->wheel * controllers->member_bend_range,
        .pressure = fmax(fmax(all->pressure, own->pressure), key_pressure),
        .brightness = fmax(-1.0, fmin(1.0, all->brightness + own->brightness)),
        .level_db = gain > 0.0 ? 40.0 * log10(gain) : OFF_DB,
        .vibrato = controllers->vibrato,
    };
}
