/* What lies around one decoder: what it is shown, and what of its answer is played. */
#ifndef DDSP_AROUND_H
#define DDSP_AROUND_H

#include "ddsp_kernel.h"
#include "decoder/settings_ramp.h"

/* The frame with which the model is asked. */
void ddsp_around_show(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, double shown_shift, const ddsp_feature_frame *in,
                      ddsp_feature_frame *shown);

/* The model's answer to `shown`, in place, into what is to be played. */
void ddsp_around_tell(const ddsp_conditioned_model *model, const ddsp_settings_ramp *ramp,
                      double shift, const ddsp_feature_frame *in,
                      const ddsp_feature_frame *shown, ddsp_control_frame *controls);

#endif
