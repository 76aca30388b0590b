/* What lies around one decoder: what it is shown, and what of its answer is played. */
#ifndef DDSP_AROUND_H
#define DDSP_AROUND_H

#include "ddsp_kernel.h"
#include "decoder/settings_ramp.h"

/* What a model is asked, and what is to become of its answer. */
typedef struct {
    ddsp_feature_frame shown;
    float gain, noise_gain;   /* linear; noise_gain: of the noise, besides */
    float learnt_hz;          /* the pitch that is shown, before input_pitch */
} ddsp_question;

/* The frame with which the model is asked. */
void ddsp_around_show(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, double shown_shift, const ddsp_feature_frame *in,
                      ddsp_question *question);

/* The model's answer, in place, into what is to be played. */
void ddsp_around_tell(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, const ddsp_feature_frame *in, const ddsp_question *question,
                      ddsp_control_frame *controls);

#endif
