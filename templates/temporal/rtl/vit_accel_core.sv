// The temporal engine: one PE array that runs the network layer by layer out of on-chip
// buffers, fed by one AXI4 read stream. The sequencer runs ahead and queues matmuls for the array;
// the patches, LayerNorm and softmax work beside it, a row tile ahead of what reads them. The
// stream loader runs ahead of all and fills the buffers the coming ops read.
//
//   unit control -> operand feed -> buffers, operand select -> array -> output stages and lanes -> words -> buffers
//                -> patches, LayerNorm<% if .Pools %>, pool<% end %> -> buffers        scores -> softmax -> numerators
module vit_accel_core #(
<% constants %>,
  parameter HOST_ADDR_BITS = 40  // [bits] address of the host's memory
) (
  input  wire                      aclk,
  input  wire                      aresetn,  // a soft reset as well; the bus masters end in order
  input  wire                      bus_aresetn,
  output wire                      bus_idle,
  input  wire                      start,
  input  wire [31:0]               images,
  input  wire [HOST_ADDR_BITS-1:0] image_base,
  input  wire [HOST_ADDR_BITS-1:0] stream_base,
  input  wire [HOST_ADDR_BITS-1:0] result_base,
  output wire                      busy,
  output wire [31:0]               images_done,
  output wire                      read_error,
  output wire                      write_error,
  output wire                      stalled,
  output wire [HOST_ADDR_BITS-1:0] m_axi_araddr,
  output wire [7:0]                m_axi_arlen,
  output wire                      m_axi_arvalid,
  input  wire                      m_axi_arready,
  input  wire [<% .BusBits %>-1:0]       m_axi_rdata,
  input  wire [1:0]                m_axi_rresp,
  input  wire                      m_axi_rvalid,
  output wire                      m_axi_rready,
  output wire [HOST_ADDR_BITS-1:0] m_axi_awaddr,
  output wire [7:0]                m_axi_awlen,
  output wire                      m_axi_awvalid,
  input  wire                      m_axi_awready,
  output wire [<% .BusBits %>-1:0]       m_axi_wdata,
  output wire                      m_axi_wlast,
  output wire                      m_axi_wvalid,
  input  wire                      m_axi_wready,
  input  wire [1:0]                m_axi_bresp,
  input  wire                      m_axi_bvalid,
  output wire                      m_axi_bready
);
  // What starts when.
  wire [DESCRIPTOR_BITS-1:0] step_desc, feed_desc, drain_desc, next_desc;
  wire start_patches, start_norm, start_store, patches_running, norm_running, patches_done, norm_done, store_done;
  wire feed_valid, feed_done, drain_load, drain_done, drained, caught_up, queue_empty;
  wire image_loaded, pos_loaded, norm_loaded, gelu_loaded, tile_loaded;
  wire image_free, pos_free, norm_free, gelu_free, tile_free;
<%- if .Pools %>
  wire start_pool, pool_running<% if .PoolCodes %>, pool_done<% end %>;
<%- end %>
<%- if .Windowed %>
  wire start_regroup, regrouping, bias_loaded, bias_free;
<%- end %>
  vit_unit_control u_unit_control (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .busy(busy), .images_done(images_done),
    .image_loaded(image_loaded), .pos_loaded(pos_loaded), .norm_loaded(norm_loaded), .gelu_loaded(gelu_loaded),
    .image_free(image_free), .pos_free(pos_free), .norm_free(norm_free), .gelu_free(gelu_free),
    .step_desc(step_desc), .start_patches(start_patches), .start_norm(start_norm), .start_store(start_store),
<%- if .Pools %>
    .start_pool(start_pool), .pool_running(pool_running),
<%- end %>
<%- if .Windowed %>
    .start_regroup(start_regroup), .regrouping(regrouping), .bias_loaded(bias_loaded),
<%- end %>
    .patches_running(patches_running), .norm_running(norm_running), .patches_done(patches_done),
    .norm_done(norm_done), .store_done(store_done), .feed_valid(feed_valid), .feed_desc(feed_desc),
    .feed_done(feed_done), .drain_desc(drain_desc), .next_desc(next_desc), .drain_load(drain_load),
    .drain_done(drain_done), .drained(drained), .caught_up(caught_up), .queue_empty(queue_empty)
  );

  // Read stream and its loader.
  wire                        beat_valid, beat_ready, read_idle, write_idle;
  wire [BUS_BITS-1:0]         beat;
  wire [STREAM_WORD_BITS-1:0] word;
  wire [15:0]                 word_index;
  wire                        image_we, pos_we, norm_we, gelu_we, param_we, weight_we;
  wire [1:0]                  weight_bank;
  wire [2:0]                  weight_format;
<%- if .Windowed %>
  wire                        bias_we, bias_bank;
<%- end %>
<%- if .GroupBits %>
  wire                        weight_in_group, multiplier_we;
<%- end %>
  assign bus_idle = read_idle && write_idle;
  vit_axi_read #(.BUS_BITS(BUS_BITS), .HOST_ADDR_BITS(HOST_ADDR_BITS), .FIFO_BEATS(READ_FIFO_BEATS),
                 .BURST_BEATS(BURST_BEATS), .IMAGE_BEATS(IMAGE_BEATS), .STREAM_BEATS(STREAM_BEATS),
                 .STREAM_HEAD_BEATS(STREAM_HEAD_BEATS)) u_read (
    .aclk(aclk), .aresetn(bus_aresetn), .halt(!aresetn), .idle(read_idle), .start(start), .images(images),
    .image_base(image_base), .stream_base(stream_base), .error(read_error),
    .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen), .m_axi_arvalid(m_axi_arvalid),
    .m_axi_arready(m_axi_arready), .m_axi_rdata(m_axi_rdata), .m_axi_rresp(m_axi_rresp),
    .m_axi_rvalid(m_axi_rvalid), .m_axi_rready(m_axi_rready),
    .beat_valid(beat_valid), .beat(beat), .beat_ready(beat_ready)
  );
  vit_stream_loader #(.BUS_BITS(BUS_BITS), .STREAM_WORD_BITS(STREAM_WORD_BITS), .SEGMENTS(SEGMENTS),
                      .SEGMENT_INDEX_BITS(SEGMENT_INDEX_BITS), .AHEAD_SEGMENTS(AHEAD_SEGMENTS),
<%- if .GroupBits %>
                      .MULTIPLIER_BEATS(MULTIPLIER_BEATS),
<%- end %>
                      .WEIGHT_BANKS(WEIGHT_BANKS)) u_loader (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .beat_valid(beat_valid), .beat(beat),
    .beat_ready(beat_ready), .word(word), .word_index(word_index), .image_we(image_we), .pos_we(pos_we),
    .norm_we(norm_we), .gelu_we(gelu_we), .param_we(param_we), .weight_we(weight_we),
    .weight_format(weight_format), .weight_bank(weight_bank), .image_loaded(image_loaded),
    .pos_loaded(pos_loaded), .norm_loaded(norm_loaded), .gelu_loaded(gelu_loaded), .tile_loaded(tile_loaded),
<%- if .GroupBits %>
    .weight_in_group(weight_in_group), .multiplier_we(multiplier_we),
<%- end %>
<%- if .Windowed %>
    .bias_we(bias_we), .bias_bank(bias_bank), .bias_loaded(bias_loaded), .bias_free(bias_free),
<%- end %>
    .image_free(image_free), .pos_free(pos_free), .norm_free(norm_free), .gelu_free(gelu_free),
    .tile_free(tile_free)
  );

  // Operands.
  wire [ADDR_BITS-1:0]              a_addr, b_addr;
  wire [KEY_SEGMENT_INDEX_BITS-1:0] key_segment;
  wire                              beat_v, beat_first, beat_last, numerators_read, softmax_ready, softmax_done;
  wire                              patches_made, norm_made;  // a row tile
<%- if .Dynamic %>
  wire [15:0]                       a_row;
  wire                              beats_done;
<%- end %>
  vit_operand_feed u_operand_feed (
    .aclk(aclk), .aresetn(aresetn), .feed_valid(feed_valid), .feed_desc(feed_desc), .feed_done(feed_done),
    .caught_up(caught_up), .softmax_ready(softmax_ready),
    .row_made(patches_made || norm_made<% if .PoolCodes %> || pool_done<% end %>), .tile_loaded(tile_loaded),
<%- if .Dynamic %>
    .a_row(a_row), .beats_done(beats_done),
<%- end %>
    .a_addr(a_addr), .b_addr(b_addr), .key_segment(key_segment), .beat_valid(beat_v), .beat_first(beat_first),
    .beat_last(beat_last), .numerators_read(numerators_read), .stalled(stalled), .step_desc(step_desc),
    .queue_empty(queue_empty), .start_store(start_store), .store_done(store_done)
  );

  wire                             norm_valid, patch_valid, packed_we, num_we;
  wire [ADDR_BITS-1:0]             norm_addr, patch_addr, packed_addr;
  wire [TK*TM*NORM_CODE_BITS-1:0]  norm_word;
  wire [TK*TM*PIXEL_BITS-1:0]      patch_word;
  wire [TK*TM*ACTIVATION_BITS-1:0] packed_word, x_rdata, q_rdata;
  wire [NUMERATOR_ADDR_BITS-1:0]   num_waddr;
  wire [TK*TM*NUMERATOR_BITS-1:0]  num_wdata, num_rdata;
  wire [2:0]                       buffered_to;
<%- if .Pools %>
  wire                             pool_valid;
  wire [ADDR_BITS-1:0]             pool_addr;
  wire [POOL_WORD_VALUES*POOL_OUT_BITS-1:0] pool_word;
<%- end %>
  vit_activation_buffers u_activation_buffers (
    .aclk(aclk), .aresetn(aresetn), .norm_valid(norm_valid), .norm_addr(norm_addr), .norm_word(norm_word),
<%- if .PoolCodes %>
    .pool_valid(pool_valid), .pool_addr(pool_addr), .pool_word(pool_word),
<%- end %>
    .patch_valid(patch_valid), .patch_addr(patch_addr), .patch_word(patch_word), .code_valid(packed_we),
    .code_to(buffered_to), .code_addr(packed_addr), .code_word(packed_word), .num_we(num_we),
    .num_waddr(num_waddr), .num_wdata(num_wdata), .numerators_written(softmax_done),
    .numerators_read(numerators_read), .a_addr(a_addr), .x_rdata(x_rdata), .q_rdata(q_rdata),
    .num_rdata(num_rdata)
  );
  wire [TK*TN*WEIGHT_BITS-1:0]     w_rdata;
  vit_weight_buffer u_weight_buffer (
    .aclk(aclk), .aresetn(aresetn), .weight_we(weight_we), .weight_bank(weight_bank), .weight_format(weight_format),
<%- if .GroupBits %>
    .weight_in_group(weight_in_group), .multiplier_we(multiplier_we),
<%- end %>
    .word(word), .word_index(word_index), .b_addr(b_addr), .w_rdata(w_rdata)
  );
  wire [KEY_BANKS-1:0]                key_we;
  wire [TK*TM*QKV_BITS-1:0]           key_wdata;
  wire                                value_we;
  wire [VECTOR_COLUMNS*<% if gt .ValueParts 1 %>TM<% else %>TK<% end %>*QKV_BITS-1:0] value_wdata;
  wire [KEY_BANKS*TK*TM*QKV_BITS-1:0] key_rdata;
  wire [TN*TK*QKV_BITS-1:0]           value_rdata;
  wire [ADDR_BITS-1:0]                out_addr;
  wire [7:0]                          out_number<% if gt .ValueParts 1 %>, out_value_part<% end %>;
  vit_key_value_buffers u_key_value_buffers (
    .aclk(aclk), .aresetn(aresetn), .key_we(key_we), .key_waddr(packed_addr), .key_wdata(key_wdata),
    .value_we(value_we), .value_waddr(out_addr), .value_group(out_number),
<%- if gt .ValueParts 1 %>
    .value_part(out_value_part),
<%- end %>
    .value_wdata(value_wdata), .b_addr(b_addr), .key_rdata(key_rdata), .value_rdata(value_rdata)
  );
  wire [TK*TM*A_BITS-1:0]             operand_a;
  wire [TK*TN*B_BITS-1:0]             operand_b;
<%- if .Dynamic %>
  wire [TM*POWER_BITS-1:0]            powers, col_powers;
<%- end %>
  vit_operand_select u_operand_select (
    .aclk(aclk), .feed_desc(feed_desc), .x_rdata(x_rdata), .q_rdata(q_rdata), .num_rdata(num_rdata),
    .w_rdata(w_rdata), .key_rdata(key_rdata), .value_rdata(value_rdata), .key_segment(key_segment),
<%- if .Dynamic %>
    .powers(powers),
<%- end %>
    .operand_a(operand_a), .operand_b(operand_b)
  );

  // Array.
  wire                             tile_valid, tile_shift;
  wire [VECTOR_LANES*ACC_BITS-1:0] tile_col;
<%- if .LUTColumns %>
  vit_mixed_array #(.TM(TM), .TN(TN), .LUT_COLUMNS(LUT_COLUMNS), .TK(TK), .VECTOR_COLUMNS(VECTOR_COLUMNS),
                    .A_BITS(A_BITS), .B_BITS(B_BITS), .ACC_BITS(ACC_BITS), .PACK_PRODUCTS(PACK_PRODUCTS),
                    .PACK_SHIFT(PACK_SHIFT), .PACK_GROUP(PACK_GROUP), .CASCADE(CASCADE), .EXTRA_CYCLES(EXTRA_CYCLES),
                    .SUM_STEP(SUM_STEP)) u_array (
<%- else %>
  vit_pe_array #(.TM(TM), .TN(TN), .TK(TK), .VECTOR_COLUMNS(VECTOR_COLUMNS), .A_BITS(A_BITS), .B_BITS(B_BITS),
                 .ACC_BITS(ACC_BITS), .PACK_PRODUCTS(PACK_PRODUCTS), .PACK_SHIFT(PACK_SHIFT), .PACK_GROUP(PACK_GROUP),
                 .CASCADE(CASCADE), .EXTRA_CYCLES(EXTRA_CYCLES), .SUM_STEP(SUM_STEP), .USE_DSP(USE_DSP)) u_array (
<%- end %>
    .aclk(aclk), .aresetn(aresetn), .in_valid(beat_v), .in_first(beat_first), .in_last(beat_last),
    .in_a(operand_a), .in_b(operand_b), .out_valid(tile_valid), .out_shift(tile_shift), .out_col(tile_col)
  );

  // Output: stages say where groups of columns are, lanes compute, words are written.
  wire                      head_first, col_valid, col_end, col_per_lane, requantized_prefix;
  wire [7:0]                head_number, score_count, out_pass, out_count, buffered_key_bank;
  wire [2:0]                col_to, requantized_to, out_to;
  wire [15:0]               scored_mul, zero;
  wire [5:0]                scored_shift, shift;
  wire [27:0]               scored_ch;
  wire [4:0]                bits;
  wire [RESIDUAL_ADDR_BITS-1:0] add_addr;
  wire                      out_valid, out_gelu, out_first_tile, out_first, out_last;
  wire [ROW_INDEX_BITS-1:0] out_row;
<%- if .Dynamic %>
  wire                      out_end;
<%- end %>
<%- if .SecondHead %>
  wire                      requantized_valid;
  wire [ADDR_BITS-1:0]      requantized_addr, first_raddr;
<%- end %>
<%- if .PrefixTiles %>
  wire                      requantized_prefix_tile;
<%- end %>
<%- if .Windowed %>
  wire                      requantized_fresh, head_value;
  wire [7:0]                col_window_tiles_1, col_across_1, col_down_1;
<%- end %>
  vit_output_stages u_output_stages (
    .aclk(aclk), .aresetn(aresetn), .drain_desc(drain_desc), .next_desc(next_desc), .drain_load(drain_load),
    .drain_done(drain_done), .drained(drained), .tile_free(tile_free), .gelu_free(gelu_free),
    .tile_valid(tile_valid), .tile_shift(tile_shift), .head_first(head_first), .head_number(head_number),
    .col_valid(col_valid), .col_end(col_end), .col_to(col_to), .col_per_lane(col_per_lane),
    .score_count(score_count), .scored_mul(scored_mul), .scored_shift(scored_shift), .scored_ch(scored_ch),
    .shift(shift), .zero(zero), .bits(bits), .add_addr(add_addr), .requantized_to(requantized_to),
    .requantized_prefix(requantized_prefix),
<%- if .SecondHead %>
    .requantized_valid(requantized_valid), .requantized_addr(requantized_addr), .first_raddr(first_raddr),
<%- end %>
<%- if .PrefixTiles %>
    .requantized_prefix_tile(requantized_prefix_tile),
<%- end %>
<%- if .Windowed %>
    .requantized_fresh(requantized_fresh), .head_value(head_value), .col_window_tiles_1(col_window_tiles_1),
    .col_across_1(col_across_1), .col_down_1(col_down_1),
<%- end %>
<%- if .Dynamic %>
    .out_end(out_end),
<%- end %>
    .out_valid(out_valid), .out_to(out_to), .out_gelu(out_gelu), .out_first_tile(out_first_tile),
    .out_first(out_first), .out_last(out_last), .out_row(out_row), .out_addr(out_addr), .out_number(out_number),
    .out_pass(out_pass), .out_count(out_count),<% if gt .ValueParts 1 %> .out_value_part(out_value_part),<% end %>
    .buffered_key_bank(buffered_key_bank), .buffered_to(buffered_to)
  );
  wire [TM*17-1:0]          recip;
  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] res_rdata;
  wire [VECTOR_LANES*REQUANTIZED_BITS-1:0] y_out;
  wire [VECTOR_LANES*ACTIVATION_BITS-1:0] code_col;
  vit_output_lanes u_output_lanes (
    .aclk(aclk), .aresetn(aresetn), .param_we(param_we), .gelu_we(gelu_we), .weight_bank(weight_bank),
    .word(word), .word_index(word_index), .tile_free(tile_free), .tile_col(tile_col), .head_first(head_first),
<%- if .Dynamic %>
    .col_powers(col_powers),
<%- end %>
    .head_number(head_number), .col_per_lane(col_per_lane), .shift(shift), .zero(zero), .bits(bits),
    .recip(recip), .requantized_to(requantized_to), .requantized_prefix(requantized_prefix),
<%- if .SecondHead %>
    .requantized_valid(requantized_valid), .requantized_addr(requantized_addr), .first_raddr(first_raddr),
<%- end %>
<%- if .PrefixTiles %>
    .requantized_prefix_tile(requantized_prefix_tile),
<%- end %>
<%- if .Windowed %>
    .requantized_fresh(requantized_fresh),
<%- end %>
    .out_gelu(out_gelu), .res_rdata(res_rdata), .y_out(y_out), .code_col(code_col)
  );
  wire                               logit_valid;
  /* verilator lint_off UNUSED */ // as many bits as there are logits
  wire [ADDR_BITS-1:0]               logit_index;
  /* verilator lint_on UNUSED */
  wire [LOGIT_BITS-1:0]              logit;
  wire [VECTOR_LANES*SCORE_BITS-1:0] score_col;
  vit_output_words u_output_words (
    .aclk(aclk), .aresetn(aresetn), .y_out(y_out), .code_col(code_col), .out_valid(out_valid), .out_to(out_to),
    .out_addr(out_addr), .out_number(out_number), .out_pass(out_pass), .out_count(out_count),
    .buffered_key_bank(buffered_key_bank), .buffered_to(buffered_to), .packed_we(packed_we), .packed_addr(packed_addr),
    .packed_word(packed_word), .key_we(key_we), .key_wdata(key_wdata), .value_we(value_we),
    .value_wdata(value_wdata), .logit_valid(logit_valid), .logit_index(logit_index), .logit(logit),
    .drained(drained), .out_gelu(out_gelu), .drain_desc(drain_desc), .score_col(score_col)
  );
  vit_axi_write #(.BUS_BITS(BUS_BITS), .HOST_ADDR_BITS(HOST_ADDR_BITS), .BURST_BEATS(BURST_BEATS), .CLASSES(CLASSES),
                  .LOGIT_BITS(LOGIT_BITS), .RESULT_BEATS(RESULT_BEATS), .RESULT_INDEX_BITS(RESULT_INDEX_BITS)) u_write (
    .aclk(aclk), .aresetn(bus_aresetn), .halt(!aresetn), .idle(write_idle), .logit_valid(logit_valid),
    .logit_index(logit_index), .logit(logit), .first(start), .base(result_base), .start(start_store),
    .done(store_done), .error(write_error), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen),
    .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready), .m_axi_wdata(m_axi_wdata),
    .m_axi_wlast(m_axi_wlast), .m_axi_wvalid(m_axi_wvalid), .m_axi_wready(m_axi_wready),
    .m_axi_bresp(m_axi_bresp), .m_axi_bvalid(m_axi_bvalid), .m_axi_bready(m_axi_bready)
  );

  // Residual stream, and the units that read it or write whole rows.
  wire                                  norm_reading, reading_sums;
  wire [ADDR_BITS-1:0]                  norm_raddr;
  wire [ROW_INDEX_BITS-1:0]             sums_row;
  wire [TM*SUM_BITS-1:0]                row_s1;
  wire [TM*SQUARE_SUM_BITS-1:0]         row_s2;
<%- if .Dynamic %>
  wire                                  norm_col_valid;
<%- end %>
<%- if or .NormToResidual .PoolCodes .Dynamic %>
  wire                                  norm_last;
  wire [VECTOR_LANES*NORM_OUT_BITS-1:0] norm_col;
<%- end %>
<%- if .NormToResidual %>
  wire                                  norm_row_we, norm_row_first;
  wire [ADDR_BITS-1:0]                  norm_row_addr;
  wire [ROW_INDEX_BITS-1:0]             norm_row_tile;
<%- end %>
<%- if .PoolStream %>
  wire                                  pool_reading, pool_last;
  wire [ADDR_BITS-1:0]                  pool_raddr;
<%- end %>
<%- if .PoolCodes %>
  wire                                  pool_col, pool_opening, pool_counted;
  wire [GROUP_INDEX_BITS-1:0]           norm_group;
<%- end %>
  vit_residual_stream u_residual_stream (
    .aclk(aclk), .aresetn(aresetn),
<%- if .Windowed %>
    .start_regroup(start_regroup), .step_desc(step_desc), .regrouping(regrouping),
<%- end %>
    .pos_we(pos_we), .word(word), .word_index(word_index), .add_addr(add_addr), .out_valid(out_valid),
    .out_to(out_to), .out_first_tile(out_first_tile), .out_first(out_first), .out_last(out_last),
    .out_row(out_row), .out_addr(out_addr), .y_out(y_out), .norm_reading(norm_reading), .norm_raddr(norm_raddr),
<%- if .PoolStream %>
    .pool_reading(pool_reading), .pool_raddr(pool_raddr), .pool_we(pool_valid), .pool_last(pool_last),
    .pool_waddr(pool_addr), .pool_word(pool_word),
<%- end %>
<%- if .NormToResidual %>
    .norm_we(norm_row_we), .norm_waddr(norm_row_addr), .norm_first(norm_row_first), .norm_last(norm_last),
    .norm_tile(norm_row_tile), .norm_col(norm_col),
<%- end %>
    .res_rdata(res_rdata), .reading_sums(reading_sums), .sums_row(sums_row), .row_s1(row_s1), .row_s2(row_s2)
  );
  vit_norm_rows u_norm_rows (
    .aclk(aclk), .aresetn(aresetn), .start_norm(start_norm), .step_desc(step_desc), .word(word),
    .word_index(word_index), .norm_we(norm_we), .running(norm_running), .done(norm_done), .row_made(norm_made),
    .reading(norm_reading), .res_addr(norm_raddr), .res_rdata(res_rdata), .reading_sums(reading_sums),
    .sums_row(sums_row), .row_s1(row_s1), .row_s2(row_s2),
<%- if .Dynamic %>
    .col_valid(norm_col_valid),
<%- end %>
<%- if or .NormToResidual .PoolCodes .Dynamic %>
    .col_last(norm_last), .col(norm_col),
<%- end %>
<%- if .NormToResidual %>
    .row_we(norm_row_we), .row_first(norm_row_first), .row_addr(norm_row_addr), .row_tile(norm_row_tile),
<%- end %>
<%- if .PoolCodes %>
    .pool_col(pool_col), .col_group(norm_group), .pool_opening(pool_opening), .pool_counted(pool_counted),
<%- end %>
    .word_valid(norm_valid), .word_addr(norm_addr), .word_out(norm_word)
  );
<%- if .Dynamic %>
  vit_token_scales u_token_scales (
    .aclk(aclk), .aresetn(aresetn), .start_norm(start_norm), .norm_valid(norm_col_valid), .norm_last(norm_last),
    .norm_col(norm_col), .out_valid(out_valid), .out_end(out_end), .out_to(out_to), .out_first_tile(out_first_tile),
    .out_first(out_first), .out_row(out_row), .code_col(code_col), .feed_desc(feed_desc), .a_row(a_row),
    .powers(powers), .beats_done(beats_done), .tile_valid(tile_valid), .col_powers(col_powers)
  );
<%- end %>
<%- if .Pools %>
  vit_pool_rows u_pool_rows (
    .aclk(aclk), .aresetn(aresetn), .start_pool(start_pool), .step_desc(step_desc), .running(pool_running),
<%- if .PoolStream %>
    .reading(pool_reading), .res_addr(pool_raddr), .res_rdata(res_rdata), .word_last(pool_last),
<%- else %>
    .start_norm(start_norm), .col_valid(pool_col), .col_last(norm_last), .col_group(norm_group), .col(norm_col),
    .opening(pool_opening), .counted(pool_counted), .done(pool_done),
<%- end %>
    .word_valid(pool_valid), .word_addr(pool_addr), .word_out(pool_word)
  );
<%- end %>
  vit_patch_rows u_patch_rows (
    .aclk(aclk), .aresetn(aresetn), .image_we(image_we), .word(word), .word_index(word_index),
    .start_patches(start_patches), .running(patches_running), .done(patches_done), .row_made(patches_made),
    .word_valid(patch_valid), .word_addr(patch_addr), .word_out(patch_word), .step_desc(step_desc)
  );
  vit_score_path u_score_path (
    .aclk(aclk), .aresetn(aresetn),
<%- if .Windowed %>
    .bias_we(bias_we), .bias_bank(bias_bank), .word(word), .word_index(word_index), .bias_free(bias_free),
    .col_window_tiles_1(col_window_tiles_1), .col_across_1(col_across_1), .col_down_1(col_down_1),
    .recip_taken(head_value),
<%- end %>
    .tile_col(tile_col), .col_valid(col_valid), .col_end(col_end), .col_to(col_to), .score_count(score_count),
    .scored_mul(scored_mul), .scored_shift(scored_shift), .scored_ch(scored_ch), .num_we(num_we),
    .num_waddr(num_waddr), .num_wdata(num_wdata), .recip(recip), .ready(softmax_ready), .done(softmax_done),
    .score_out(score_col), .drain_desc(drain_desc)
  );
endmodule
