/* Networks, decoders and conditioners under test_kernel.c: every kind and size, sane weights and
 * hostile ones. Included there, since it counts the allocations. */

static float *hostile_array(int n, float spread, float bad)
{
    static const float worst[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-42f, 1e20f, -1e20f};
    float *array = malloc((size_t)(n > 0 ? n : 1) * sizeof *array);
    for (int i = 0; i < n; i++)
        array[i] = uniform() < bad ? worst[(int)(uniform() * 8.0f)]
                                   : spread * (uniform() - 0.5f);
    return array;
}

static ddsp_layer layer_of(int n_in, int n_out, float bad)
{
    return (ddsp_layer){hostile_array(n_in * n_out, 2.0f, bad), hostile_array(n_out, 2.0f, bad),
                        n_in, n_out};
}

static int whole(int low, int high)
{
    return low + (int)(uniform() * (float)(high - low + 1));
}

/* kind 0: recurrent, 1: means, 2: means and earlier inputs, 3: earlier inputs alone. */
static ddsp_network_weights some_weights(int kind, int largest, float bad)
{
    ddsp_network_weights w = {
        .n_harmonics = whole(1, DDSP_MAX_HARMONICS), .n_noise = whole(2, DDSP_MAX_NOISE_BANDS),
        .pitch_centre = 0.5f, .pitch_slope = 8.0f, .loudness_centre = 0.6f,
        .loudness_slope = 4.0f, .leak = 0.1f, .gain_centre = 1.0f, .gain_slope = 9.21f,
        .gain_floor = 1e-4f, .amplitude_low = -6.0f, .amplitude_high = 4.0f,
        .noise_low = -16.0f, .noise_high = 3.0f, .n_layers = whole(1, kind ? 8 : 3)};
    w.n_means = kind == 1 || kind == 2 ? 2 * whole(1, 8) : 0;
    const int before = kind >= 2 ? 2 * whole(1, 20) : 0;
    w.state_size = kind ? w.n_means + before : whole(1, largest);
    float *shares = hostile_array(w.n_means, 0.0f, 0.0f);
    for (int i = 0; i < w.n_means; i++)
        shares[i] = uniform();
    w.mean_shares = shares;
    int width = 2 + w.n_means;
    for (int i = 0; i < w.n_layers; i++) {
        const int out = whole(1, largest);
        w.layers[i] = layer_of(width, out, bad);
        width = out;
    }
    if (before)
        w.past = layer_of(before, w.layers[0].n_out, bad);
    if (kind == 0) {
        for (int i = 0; i < 6; i++)
            w.gates[i] = layer_of(i < 3 ? width : w.state_size, w.state_size, bad);
        const int merged = whole(1, largest);
        w.merge[0] = layer_of(width, merged, bad);
        w.merge[1] = layer_of(w.state_size, merged, bad);
        width = merged;
    }
    w.amplitude = layer_of(width, 1, bad);
    w.harmonics = layer_of(width, w.n_harmonics, bad);
    w.noise = layer_of(width, w.n_noise, bad);
    return w;
}

static void forget_layer(const ddsp_layer *layer)
{
    free((float *)layer->weights);
    free((float *)layer->bias);
}

static void forget_weights(const ddsp_network_weights *w)
{
    free((float *)w->mean_shares);
    for (int i = 0; i < DDSP_MAX_LAYERS; i++)
        forget_layer(&w->layers[i]);
    for (int i = 0; i < 6; i++)
        forget_layer(&w->gates[i]);
    forget_layer(&w->past);
    forget_layer(&w->merge[0]);
    forget_layer(&w->merge[1]);
    forget_layer(&w->amplitude);
    forget_layer(&w->harmonics);
    forget_layer(&w->noise);
}

static ddsp_network *network_of(const ddsp_network_weights *w)
{
    ddsp_network *network = ddsp_network_new();
    check(ddsp_network_prepare(network, w) == DDSP_OK, "network prepare");
    return network;
}

static ddsp_feature_frame some_frame(void)
{
    return (ddsp_feature_frame){
        .f0_hz = control(2000.0f),
        .loudness_db = -80.0f * control(1.0f),
        .confidence = 1.0f,
        .brightness_db = uniform() < 0.2f ? control(20.0f) : 0.0f,
        .pitched = control(1.0f),
        .treble_db = -60.0f * control(1.0f),
        .partials_db = uniform() < 0.3f ? control(9.0f) : 0.0f,
        .partials_at = control(1000.0f),
        .onset = uniform() < 0.1f,
    };
}

static int sane(const ddsp_control_frame *frame, int n_harmonics, int n_noise)
{
    int good = clean(&frame->amplitude, 1) && frame->amplitude >= 0.0f
               && clean(&frame->f0_hz, 1) && frame->f0_hz >= 0.0f
               && clean(frame->harmonic_distribution, n_harmonics)
               && clean(frame->noise_magnitudes, n_noise);
    for (int k = 0; k < n_harmonics; k++)
        good &= frame->harmonic_distribution[k] >= 0.0f;
    for (int b = 0; b < n_noise; b++)
        good &= frame->noise_magnitudes[b] >= 0.0f;
    return good;
}

/* What a network gives, whatever its weights. */
static void test_network(int kind, int largest, float bad)
{
    const ddsp_network_weights w = some_weights(kind, largest, bad);
    ddsp_network *network = network_of(&w);
    ddsp_decoder_state memory = {{0}, 0};
    ddsp_control_frame out;
    int good = 1;
    const long before = allocations;
    for (int frame = 0; frame < 30; frame++) {
        const ddsp_feature_frame in = some_frame();
        const uint32_t faults = memory.faults;
        ddsp_decoder_step(network, &memory, &in, &out);
        good &= sane(&out, w.n_harmonics, w.n_noise) && clean(memory.state, DDSP_MAX_STATE)
                && out.amplitude <= 55.0f;
        float sum = 0.0f;
        for (int k = 0; k < w.n_harmonics; k++)
            sum += out.harmonic_distribution[k];
        if (memory.faults > faults)
            good &= out.amplitude == 0.0f && sum == 0.0f && out.noise_magnitudes[0] == 0.0f
                    && memory.state[0] == 0.0f;
        else
            good &= fabsf(sum - 1.0f) < 1e-4f;
    }
    if (bad == 0.0f)
        good &= memory.faults == 0;
    check(allocations == before, "the decoder allocates nothing");
    check(good, "a decoder's frames are clean, or silent and counted");
    ddsp_network_free(network);
    forget_weights(&w);
}

static void test_refusals(void)
{
    ddsp_network_weights w = some_weights(0, 16, 0.0f), wrong;
    ddsp_network *network = ddsp_network_new();
    ddsp_decoder_state memory = {{0}, 0};
    ddsp_control_frame out;
    const ddsp_feature_frame in = {
        .f0_hz = 440.0f, .loudness_db = -20.0f, .confidence = 1.0f, .pitched = 1.0f};
    ddsp_decoder_step(network, &memory, &in, &out); /* before prepare: silence */
    check(memory.faults == 1 && out.amplitude == 0.0f, "an unprepared network is silent");
#define REFUSED(change)                                                                        \
    do {                                                                                       \
        wrong = w;                                                                             \
        change;                                                                                \
        check(ddsp_network_prepare(network, &wrong) == DDSP_BAD_ARGUMENT, "refused: " #change); \
    } while (0)
    REFUSED(wrong.n_harmonics = 0);
    REFUSED(wrong.n_harmonics = DDSP_MAX_HARMONICS + 1);
    REFUSED(wrong.n_noise++);
    REFUSED(wrong.state_size = DDSP_MAX_STATE + 1);
    REFUSED(wrong.state_size++);
    REFUSED(wrong.n_layers = 0);
    REFUSED(wrong.n_layers = DDSP_MAX_LAYERS + 1);
    REFUSED(wrong.layers[0].n_in = 3);
    REFUSED(wrong.layers[0].n_out = DDSP_MAX_UNITS + 1);
    REFUSED(wrong.layers[0].weights = NULL);
    REFUSED(wrong.gates[4].n_out++);
    REFUSED(wrong.merge[1].n_in++);
    REFUSED(wrong.n_means = 2);
    REFUSED(wrong.leak = 2.0f);
    REFUSED(wrong.leak = NAN);
    REFUSED(wrong.amplitude_high = 100.0f);
    REFUSED(wrong.noise_low = 5.0f);
    REFUSED(wrong.gain_slope = INFINITY);
#undef REFUSED
    check(ddsp_network_prepare(network, &w) == DDSP_OK, "network prepare");
    check(ddsp_network_prepare(network, &w) == DDSP_OK, "network prepare again");
    ddsp_network_free(network);
    ddsp_network_free(NULL);
    for (int nth = 1; nth <= 2; nth++) {
        refuse = nth;
        network = ddsp_network_new();
        check(!network || ddsp_network_prepare(network, &w) == DDSP_NO_MEMORY,
              "network says that memory is short");
        refuse = 0;
        ddsp_network_free(network);
    }
    forget_weights(&w);
}

static ddsp_conditioned_model model_of(const ddsp_network *network, const ddsp_network_weights *w,
                                       double limit_hz, double hop_s)
{
    return (ddsp_conditioned_model){network, w->n_harmonics, w->n_noise, limit_hz, hop_s, 300.0,
                                    2.0, 100.0, 4000.0, 24.0, NULL};
}

static ddsp_conditioning some_conditioning(void)
{
    return (ddsp_conditioning){control(24.0f), control(24.0f), control(40.0f), control(12.0f),
                               control(12.0f), control(1.0f), uniform() < 0.5f ? 0.0f
                                                                               : control(1.0f),
                               control(2.0f)};
}

/* Every target of frames under changing settings; ratio: hops of the first model to one of the
 * second. answers: the second model is decoded by hand. */
static void test_conditioner(double ratio, int two, int answers, float bad)
{
    const ddsp_network_weights a = some_weights(0, 40, bad), b = some_weights(1, 40, bad);
    ddsp_network *first = network_of(&a), *second = network_of(&b);
    const ddsp_conditioned_model one = model_of(first, &a, 24000.0, 0.005),
                                 other = model_of(answers ? NULL : second, &b,
                                                  uniform() < 0.5f ? 24000.0 : 8000.0,
                                                  0.005 / ratio);
    ddsp_conditioner *conditioner = ddsp_conditioner_new();
    ddsp_control_frame out, answer = {0};
    ddsp_feature_frame in = some_frame(), shown;
    float offset_s = 0.0f, ramp_s = 0.0f;
    ddsp_conditioner_begin(conditioner, 0, &in); /* before prepare: nothing */
    check(ddsp_conditioner_next(conditioner, 0, &out, &offset_s, &ramp_s) == 0, "no target");
    check(ddsp_conditioner_prepare(conditioner, 3, &one, two ? &other : NULL,
                                   some_conditioning()) == DDSP_OK, "conditioner prepare");
    const ddsp_conditioner_sizes sizes = ddsp_conditioner_get_sizes(conditioner);
    const int n_noise = sizes.n_noise + sizes.n_second;
    int good = 1;
    const long before = allocations;
    for (int frame = 0; frame < 300; frame++) {
        in = some_frame();
        if (frame % 7 == 0)
            ddsp_conditioner_set(conditioner, some_conditioning());
        if (frame == 200)
            ddsp_conditioner_reset(conditioner);
        ddsp_conditioner_begin(conditioner, frame % 3, &in);
        int found, count = 0;
        float end_s = 0.0f;
        while ((found = ddsp_conditioner_next(conditioner, frame % 3, &out, &offset_s,
                                              &ramp_s)) != 0) {
            if (found < 0) {
                good &= answers && ddsp_conditioner_ask(conditioner, frame % 3, &shown) >= 1
                        && clean(&shown.loudness_db, 1) && clean(&shown.f0_hz, 1);
                answer.amplitude = control(1.0f);
                for (int k = 0; k < b.n_harmonics; k++)
                    answer.harmonic_distribution[k] = control(1.0f);
                for (int n = 0; n < b.n_noise; n++)
                    answer.noise_magnitudes[n] = control(1.0f);
                ddsp_conditioner_answer(conditioner, frame % 3, &answer);
                continue;
            }
            good &= sane(&out, sizes.n_harmonics, n_noise) && offset_s >= 0.0f && ramp_s > 0.0f;
            end_s = offset_s + ramp_s;
            count++;
        }
        good &= count >= 1 && count <= (ratio > 1.0 ? (int)ratio + 1 : 1)
                && fabsf(end_s - (in.onset ? 0.0015f : 0.005f)) < 1e-6f;
        check(ddsp_conditioner_ask(conditioner, frame % 3, &shown) == -1, "nothing is asked");
    }
    check(allocations == before, "the conditioner allocates nothing after prepare");
    check(good, "a conditioner's frames are clean");
    if (bad == 0.0f)
        check(ddsp_conditioner_faults(conditioner) == 0, "no fault");
    ddsp_conditioner_begin(conditioner, 3, &in); /* no such voice */
    check(ddsp_conditioner_next(conditioner, 3, &out, &offset_s, &ramp_s) == 0, "no such voice");
    ddsp_conditioned_model wrong = one;
    wrong.n_harmonics = a.n_harmonics % DDSP_MAX_HARMONICS + 1;
    check(ddsp_conditioner_prepare(conditioner, 1, &wrong, NULL, some_conditioning())
              == DDSP_BAD_ARGUMENT, "a model of other sizes than its network");
    ddsp_conditioner_free(conditioner);
    ddsp_conditioner_free(NULL);
    ddsp_network_free(first);
    ddsp_network_free(second);
    forget_weights(&a);
    forget_weights(&b);
}

static void test_decoder(void)
{
    for (int i = 0; i < 160; i++)
        test_network(i % 4, i < 12 ? DDSP_MAX_UNITS : 70, i % 8 < 4 ? 0.0f : 0.001f);
    for (int i = 0; i < 40; i++)
        test_network(i % 4, 30, 0.3f);
    test_refusals();
    static const double ratios[] = {1.0, 2.0, 3.5, 0.5, 0.3};
    for (int i = 0; i < 30; i++)
        test_conditioner(ratios[i % 5], i > 0, i % 4 == 3, i % 3 ? 0.0f : 0.001f);
}
