// DDSP-VST's way of making sound, as published (Engel et al., "DDSP", ICLR 2020; 16 kHz, a frame
// of 20 ms, 60 harmonics, 65 noise bands), written plainly by us: the bench's baseline.
//
// Every harmonic of every sample is a call of std::sin on a phase of its own increment, its
// amplitude interpolated from frame to frame; noise is white noise of a frame, filtered by
// multiplying spectra with that of the bands' windowed impulse response, overlap-added.
//
// Prints JSON: the fastest of many repeats.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdio>
#include <random>
#include <utility>
#include <vector>

namespace {

constexpr int kFrame = 320, kHarmonics = 60, kBands = 65, kSpectrum = 512, kImpulse = 128;
constexpr float kRate = 16000.0f, kTurn = 6.2831853071795864f;
using Complex = std::complex<float>;

struct Controls {
    float f0_hz, amplitude;
    std::vector<float> harmonics = std::vector<float>(kHarmonics), bands = std::vector<float>(kBands);
};

class Harmonics {
public:
    void render(const Controls &now, std::vector<float> &out)
    {
        std::vector<float> target(kHarmonics);
        float sum = 0.0f;
        for (int k = 0; k < kHarmonics; k++) {
            target[k] = now.f0_hz * static_cast<float>(k + 1) < kRate / 2 ? now.harmonics[k] : 0.0f;
            sum += target[k];
        }
        for (float &each : target)
            each *= now.amplitude / (sum > 0.0f ? sum : 1.0f);
        for (int i = 0; i < kFrame; i++) {
            const float part = static_cast<float>(i) / kFrame;
            const float f0 = f0_ + part * (now.f0_hz - f0_);
            phase_ = std::fmod(phase_ + kTurn * f0 / kRate, kTurn);
            float sample = 0.0f;
            for (int k = 0; k < kHarmonics; k++)
                sample += (level_[k] + part * (target[k] - level_[k]))
                          * std::sin(phase_ * static_cast<float>(k + 1));
            out[i] += sample;
        }
        f0_ = now.f0_hz;
        level_ = target;
    }

private:
    float phase_ = 0.0f, f0_ = 110.0f;
    std::vector<float> level_ = std::vector<float>(kHarmonics);
};

class Fourier {
public:
    Fourier()
    {
        for (int k = 0; k < kSpectrum / 2; k++)
            turn_[k] = std::polar(1.0f, -kTurn * static_cast<float>(k) / kSpectrum);
    }

    void transform(std::vector<Complex> &x, bool back) const
    {
        for (int i = 1, j = 0; i < kSpectrum; i++) {
            int bit = kSpectrum >> 1;
            for (; j & bit; bit >>= 1)
                j ^= bit;
            j ^= bit;
            if (i < j)
                std::swap(x[i], x[j]);
        }
        for (int half = 1; half < kSpectrum; half *= 2)
            for (int start = 0; start < kSpectrum; start += 2 * half)
                for (int k = 0; k < half; k++) {
                    const Complex w = turn_[k * (kSpectrum / (2 * half))];
                    const Complex odd = x[start + k + half], v = back ? std::conj(w) : w;
                    const Complex product(odd.real() * v.real() - odd.imag() * v.imag(),
                                          odd.real() * v.imag() + odd.imag() * v.real());
                    x[start + k + half] = x[start + k] - product;
                    x[start + k] += product;
                }
    }

private:
    std::vector<Complex> turn_ = std::vector<Complex>(kSpectrum / 2);
};

class Noise {
public:
    Noise()
    {
        for (int m = 0; m < kImpulse; m++) {
            window_[m] = 0.5f + 0.5f * std::cos(kTurn * static_cast<float>(m - kImpulse / 2) / kImpulse);
            for (int b = 0; b < kBands; b++)
                cosine_[m * kBands + b] = std::cos(kTurn * static_cast<float>(b * (m - kImpulse / 2)) / kImpulse);
        }
    }

    void render(const Controls &now, std::vector<float> &out)
    {
        std::vector<Complex> white(kSpectrum), filter(kSpectrum);
        for (int i = 0; i < kFrame; i++)
            white[i] = uniform_(random_);
        for (int m = 0; m < kImpulse; m++) { // the bands' impulse response, windowed
            float sum = 0.0f;
            for (int b = 0; b < kBands; b++)
                sum += (b == 0 || b == kBands - 1 ? 1.0f : 2.0f) * now.bands[b] * cosine_[m * kBands + b];
            filter[m] = sum * window_[m] / kImpulse;
        }
        fourier_.transform(white, false);
        fourier_.transform(filter, false);
        for (int k = 0; k < kSpectrum; k++)
            white[k] = Complex(white[k].real() * filter[k].real() - white[k].imag() * filter[k].imag(),
                               white[k].real() * filter[k].imag() + white[k].imag() * filter[k].real());
        fourier_.transform(white, true);
        for (int i = 0; i < kSpectrum; i++)
            tail_[i] += white[i].real() / kSpectrum;
        for (int i = 0; i < kFrame; i++)
            out[i] += tail_[i];
        for (int i = 0; i < kSpectrum; i++)
            tail_[i] = i + kFrame < kSpectrum ? tail_[i + kFrame] : 0.0f;
    }

private:
    Fourier fourier_;
    std::minstd_rand random_{1};
    std::uniform_real_distribution<float> uniform_{-1.0f, 1.0f};
    std::vector<float> window_ = std::vector<float>(kImpulse), tail_ = std::vector<float>(kSpectrum);
    std::vector<float> cosine_ = std::vector<float>(kImpulse * kBands);
};

template <typename Work> double fastest_s(Work work)
{
    double least = 1e9;
    for (int repeat = 0; repeat < 200; repeat++) {
        const auto begun = std::chrono::steady_clock::now();
        for (int i = 0; i < 10; i++)
            work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        least = std::fmin(least, took.count() / 10);
    }
    return least;
}

} // namespace

// With an argument: no timing, but 50 frames of the tone, then 50 of the noise, float32, to stdout.
int main(int argc, char **)
{
    Controls controls{110.0f, 0.5f};
    for (int k = 0; k < kHarmonics; k++)
        controls.harmonics[k] = 1.0f / static_cast<float>(k + 1);
    for (float &band : controls.bands)
        band = 0.02f;
    Harmonics harmonics;
    Noise noise;
    std::vector<float> out(kFrame);
    if (argc > 1) {
        for (int frame = 0; frame < 100; frame++) {
            std::fill(out.begin(), out.end(), 0.0f);
            if (frame < 50)
                harmonics.render(controls, out);
            else
                noise.render(controls, out);
            std::fwrite(out.data(), sizeof(float), out.size(), stdout);
        }
        return 0;
    }
    const double tone = fastest_s([&] {
        controls.f0_hz = controls.f0_hz > 115.0f ? 110.0f : controls.f0_hz + 0.5f;
        harmonics.render(controls, out);
    });
    const double hiss = fastest_s([&] { noise.render(controls, out); });
    float heard = 0.0f;
    for (float sample : out)
        heard += sample;
    std::printf("{\"oscillator_ns\": %.4f, \"noise_us\": %.4f}\n",
                1e9 * tone / (kFrame * kHarmonics), 1e6 * hiss);
    return std::isfinite(heard) ? 0 : 1;
}
