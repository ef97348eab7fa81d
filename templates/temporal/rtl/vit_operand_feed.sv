// Feeds the array: addresses both operands of one matmul after the other, and counts the softmaxes whose value
// product may start.
module vit_operand_feed #(
<% constants %>
) (
  input  wire                              aclk,
  input  wire                              aresetn,
  // The matmul at work.
  input  wire                              feed_valid,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]        feed_desc,
  /* verilator lint_on UNUSED */
  output wire                              feed_done,
  // What it waits for.
  input  wire                              caught_up,        // all matmuls before have left the array
  input  wire                              softmax_ready,    // a value product may start
  input  wire                              row_made,         // a row tile of operand a
  input  wire                              tile_loaded,      // a bank of weights
<%- if .Dynamic %>
  // Operand a's address and row tile in one cycle, a tile's last beat with the data in the second after it. Fine codes
  // take TOKEN_CODE_CYCLES: so much later are operand b's address and the beat's flags.
  output wire [ADDR_BITS-1:0]              a_addr, b_addr,
  output wire [15:0]                       a_row,
  output wire                              beats_done,
  output wire [KEY_SEGMENT_INDEX_BITS-1:0] key_segment,
  output wire                              beat_valid, beat_first, beat_last,
<%- else %>
  // Addresses in one cycle, the beat's flags with the data in the second after it.
  output wire [ADDR_BITS-1:0]              a_addr, b_addr,
  output wire [KEY_SEGMENT_INDEX_BITS-1:0] key_segment,
  output wire                              beat_valid, beat_first, beat_last,
<%- end %>
  output wire                              numerators_read,  // a value product has been fed
  output wire                              stalled,          // waiting for weights
  // For verification only.
  /* verilator lint_off UNUSED */
  input  wire [DESCRIPTOR_BITS-1:0]        step_desc,
  input  wire                              queue_empty, start_store, store_done
  /* verilator lint_on UNUSED */
);
<% fields "f_" "feed_desc" %>

  wire      feed_start;
  wire      from_numerators = f_a_from != FROM_X && f_a_from != FROM_Q;
  reg [1:0] softmaxes;                          // whose value product may start and has not
  always @(posedge aclk)
    if (!aresetn) softmaxes <= 2'd0;
    else          softmaxes <= softmaxes + {1'b0, softmax_ready} - {1'b0, feed_start && from_numerators};
  assign numerators_read = feed_done && from_numerators;

<%- if .Dynamic %>
  // What is in step with operand b waits until a's fine codes are codes.
  wire [ADDR_BITS-1:0]              fed_b;
  wire [KEY_SEGMENT_INDEX_BITS-1:0] fed_segment;
  wire                              fed_valid, fed_first, fed_last;
  reg  [TOKEN_CODE_CYCLES*ADDR_BITS-1:0]              b_addrs;
  reg  [TOKEN_CODE_CYCLES*KEY_SEGMENT_INDEX_BITS-1:0] segments;
  reg  [TOKEN_CODE_CYCLES-1:0]                        valids, firsts, lasts;
  always @(posedge aclk) begin
    b_addrs  <= {b_addrs[(TOKEN_CODE_CYCLES-1)*ADDR_BITS-1:0], fed_b};
    segments <= {segments[(TOKEN_CODE_CYCLES-1)*KEY_SEGMENT_INDEX_BITS-1:0], fed_segment};
    valids   <= aresetn ? {valids[TOKEN_CODE_CYCLES-2:0], fed_valid} : {TOKEN_CODE_CYCLES{1'b0}};
    firsts   <= {firsts[TOKEN_CODE_CYCLES-2:0], fed_first};
    lasts    <= {lasts[TOKEN_CODE_CYCLES-2:0], fed_last};
  end
  assign b_addr      = b_addrs[(TOKEN_CODE_CYCLES-1)*ADDR_BITS +: ADDR_BITS];
  assign key_segment = segments[(TOKEN_CODE_CYCLES-1)*KEY_SEGMENT_INDEX_BITS +: KEY_SEGMENT_INDEX_BITS];
  assign beat_valid  = valids[TOKEN_CODE_CYCLES-1];
  assign beat_first  = firsts[TOKEN_CODE_CYCLES-1];
  assign beat_last   = lasts[TOKEN_CODE_CYCLES-1];
  assign beats_done  = fed_valid && fed_last;

<%- end %>
  /* verilator lint_off UNUSED */ // for verification
  wire busy, starved, feeding;
  /* verilator lint_on UNUSED */
  vit_array_feeder #(.ADDR_BITS(ADDR_BITS), .KEY_SEGMENTS(KEY_SEGMENTS),
                     .KEY_SEGMENT_INDEX_BITS(KEY_SEGMENT_INDEX_BITS), .WEIGHT_BANKS(WEIGHT_BANKS),
                     .WEIGHT_DEPTH(WEIGHT_DEPTH)) u_feeder (
    .aclk(aclk), .aresetn(aresetn), .valid(feed_valid), .wait_drained(f_wait == WAIT_DRAINED),
    .wait_softmax(f_wait == WAIT_SOFTMAX), .chained(f_chained), .mt_1(f_mt_1), .nt_1(f_nt_1), .kt_1(f_kt_1),
    .period_full_1(f_period_full_1), .period_last_1(f_period_last_1), .period_end_1(f_period_end_1),
    .from_weights(f_b_from == FROM_WEIGHTS), .from_keys(f_b_from == FROM_KEYS), .a_base(f_a_base),
    .a_stride(f_a_stride), .b_base(f_b_base), .b_nstep(f_b_nstep), .b_kstep(f_b_kstep), .caught_up(caught_up),
    .softmax_ready(softmaxes != 2'd0), .row_made(row_made), .tile_loaded(tile_loaded), .op_start(feed_start),
    .op_done(feed_done), .a_addr(a_addr),
<%- if .Dynamic %>
    .a_row(a_row), .b_addr(fed_b), .key_segment(fed_segment), .beat_valid(fed_valid), .beat_first(fed_first),
    .beat_last(fed_last),
<%- else %> .b_addr(b_addr), .key_segment(key_segment), .beat_valid(beat_valid),
    .beat_first(beat_first), .beat_last(beat_last),
<%- end %> .busy(busy), .stalled(stalled), .starved(starved),
    .feeding(feeding)
  );

  // For verification only: what the array does in this cycle, and for which op. Nothing reads it, so synthesis
  // removes it.
  /* verilator lint_off UNUSED */
<% fields "s_" "step_desc" %>
  reg         storing;
  always @(posedge aclk) storing <= aresetn && (start_store || (storing && !store_done));
  localparam [3:0] BEAT = 4'd0, DRAIN = 4'd1, WEIGHTS = 4'd2, ROW = 4'd3, SOFTMAX = 4'd4, EARLIER = 4'd5,
                   START = 4'd6, IMAGE = 4'd7, STORE = 4'd8;
  wire [3:0]  trace_cause = feeding ? BEAT : stalled ? WEIGHTS : starved ? ROW : busy ? DRAIN
      : feed_valid ? (feed_start ? START : f_wait == WAIT_SOFTMAX ? SOFTMAX : EARLIER)
      : storing || start_store ? STORE
      : !queue_empty ? EARLIER : s_opcode == OP_PATCHES ? IMAGE : START;
  wire [11:0] trace_cause_op = feed_valid ? f_op : s_op;
  /* verilator lint_on UNUSED */

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (softmax_ready && softmaxes == 2'd3) begin
        $display("%m: more softmaxes wait than are counted");
        $stop;
      end
      if (feed_start && from_numerators && softmaxes == 2'd0) begin
        $display("%m: a value product starts in front of its softmax");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
