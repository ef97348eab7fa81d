// The accelerator: images in, logits out.
//   model <% line .Model %>, part <% line .Part %>,
//   array <% .TM %> x <% .TN %> x <% .TK %>, bus <% .BusBits %> bits
#include "vit_units.h"

// The first image, then for each image the stream with the next image in its middle: a beat a
// cycle, ahead of the engine by what the FIFO holds.
static void read_beats(const bus_t* images, const bus_t* stream, unsigned index, unsigned count,
                       hls::stream<bus_t>& beats) {
first_image:
  for (int i = 0; index == 0 && i < IMAGE_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    beats.write(images[i]);
  }
stream_head:
  for (int i = 0; i < STREAM_HEAD_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    beats.write(stream[i]);
  }
next_image:
  for (int i = 0; index + 1 < count && i < IMAGE_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    beats.write(images[(index + 1) * IMAGE_BEATS + i]);
  }
stream_tail:
  for (int i = STREAM_HEAD_BEATS; i < STREAM_BEATS; ++i) {
#pragma HLS PIPELINE II=1
    beats.write(stream[i]);
  }
}

// Logits as 32-bit integers, whole beats; lanes past the last logit are zero.
static void write_result(hls::stream<logit_t>& logits, bus_t* results, unsigned index) {
beats:
  for (int i = 0; i < RESULT_BEATS; ++i) {
    bus_t beat = 0;
  lanes:
    for (int l = 0; l < BUS_BITS / 32; ++l) {
#pragma HLS PIPELINE II=1
      ap_int<32> logit = 0;
      if (i * (BUS_BITS / 32) + l < CLASSES) logit = logits.read();
      beat.range(l * 32 + 31, l * 32) = logit;
    }
    results[index * RESULT_BEATS + i] = beat;
  }
}

void vit_accel(const bus_t* images, const bus_t* stream, bus_t* results, unsigned count) {
// Reads and writes have adapters of their own: they belong to different processes.
#pragma HLS INTERFACE mode=m_axi port=images bundle=gmem_read offset=slave \
    max_read_burst_length=<% .Burst %> depth=<% .ImagesDepth %>
#pragma HLS INTERFACE mode=m_axi port=stream bundle=gmem_read offset=slave \
    max_read_burst_length=<% .Burst %> depth=<% .StreamDepth %>
#pragma HLS INTERFACE mode=m_axi port=results bundle=gmem_write offset=slave \
    max_write_burst_length=<% .Burst %> depth=<% .ResultsDepth %>
#pragma HLS INTERFACE mode=s_axilite port=images
#pragma HLS INTERFACE mode=s_axilite port=stream
#pragma HLS INTERFACE mode=s_axilite port=results
#pragma HLS INTERFACE mode=s_axilite port=count
#pragma HLS INTERFACE mode=s_axilite port=return
each_image:
  for (unsigned i = 0; i < count; ++i) {
// Three processes in a row, joined by FIFOs: no process reads what a later one writes.
#pragma HLS DATAFLOW
    hls::stream<bus_t> beats("beats");
#pragma HLS STREAM variable=beats depth=<% .ReadFIFO %>
    hls::stream<logit_t> logits("logits");
#pragma HLS STREAM variable=logits depth=16
    read_beats(images, stream, i, count, beats);
    sequencer(beats, logits, i, count);
    write_result(logits, results, i);
  }
}
