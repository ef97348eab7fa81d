// Scores in, numerators out: softmax of a row tile of scores, which come as they leave the array and need not go
// through the output lanes. The row sums' reciprocals go to the requantizer.
module vit_score_path #(
<% constants %>
) (
  input  wire                               aclk,
  input  wire                               aresetn,
<%- if .Windowed %>
  // A head's biases, out of the stream.
  input  wire                               bias_we, bias_bank,
  /* verilator lint_off UNUSED */ // as many bits as a group of scores has
  input  wire [STREAM_WORD_BITS-1:0]        word,
  /* verilator lint_on UNUSED */
  input  wire [15:0]                        word_index,
  output wire                               bias_free,
<%- end %>
  // Groups of columns, and the settings of their op: see vit_output_stages.
  /* verilator lint_off UNUSED */ // the low bits of an accumulator are a score
  input  wire [VECTOR_LANES*ACC_BITS-1:0]   tile_col,
  /* verilator lint_on UNUSED */
  input  wire                               col_valid, col_end,
  input  wire [2:0]                         col_to,
<%- if .Windowed %>
  input  wire [7:0]                         col_window_tiles_1, col_across_1, col_down_1,
  input  wire                               recip_taken, // by a value product
<%- end %>
  input  wire [7:0]                         score_count,
  input  wire [15:0]                        scored_mul,
  input  wire [5:0]                         scored_shift,
  input  wire [27:0]                        scored_ch,
  // Numerators: words of TK columns x TM tokens.
  output wire                               num_we,
  output wire [NUMERATOR_ADDR_BITS-1:0]     num_waddr,
  output wire [TK*TM*NUMERATOR_BITS-1:0]    num_wdata,
  output wire [TM*17-1:0]                   recip,
  output wire                               ready,      // a value product may start
  output wire                               done,       // all numerators are written
  // For verification only.
  output wire [VECTOR_LANES*SCORE_BITS-1:0] score_out,  // scores, where tokens meet or not
  /* verilator lint_off UNUSED */
  input  wire [DESCRIPTOR_BITS-1:0]         drain_desc
  /* verilator lint_on UNUSED */
);
  wire                               score_valid, score_end;
  wire [VECTOR_LANES*SCORE_BITS-1:0] score_col;
  genvar g;
<%- if .Windowed %>
  wire [VECTOR_LANES*SCORE_BITS-1:0] raw_col;
<%- end %>
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_score
      assign <% if .Windowed %>raw_col<% else %>score_col<% end %>[g*SCORE_BITS +: SCORE_BITS]
             = tile_col[g*ACC_BITS +: SCORE_BITS];
    end
  endgenerate
<%- if .Windowed %>
  vit_score_bias #(.LANES(VECTOR_LANES), .SCORE_BITS(SCORE_BITS), .BIAS_WORDS(BIAS_WORDS), .ADDR_BITS(BIAS_ADDR_BITS),
                   .STYLE(BIAS_STYLE)) u_bias (
    .aclk(aclk), .aresetn(aresetn), .we(bias_we), .wbank(bias_bank), .windex(word_index),
    .wdata(word[VECTOR_LANES*(SCORE_BITS+2)-1:0]), .in_valid(col_valid && col_to == TO_SCORES),
    .in_end(col_end && col_to == TO_SCORES), .window_tiles_1(col_window_tiles_1), .across_1(col_across_1),
    .down_1(col_down_1), .in_col(raw_col), .out_valid(score_valid), .out_end(score_end), .out_sum(score_out),
    .out_col(score_col), .free(bias_free)
  );
<%- else %>
  assign score_valid = col_valid && col_to == TO_SCORES;
  assign score_end   = col_end && col_to == TO_SCORES;
  assign score_out   = score_col;
<%- end %>

  reg                               scored;          // the row tile's are all there
  reg  [SCORE_GROUP_INDEX_BITS-1:0] score_group;     // they come in their order
  always @(posedge aclk) begin
    scored <= aresetn && score_end;
    if (!aresetn || score_end) score_group <= {SCORE_GROUP_INDEX_BITS{1'b0}};
    else if (score_valid)      score_group <= score_group + {{(SCORE_GROUP_INDEX_BITS-1){1'b0}}, 1'b1};
  end
  wire                                   start, valid, last;
  wire [SCORE_GROUP_INDEX_BITS-1:0]      group;
  wire [VECTOR_LANES*NUMERATOR_BITS-1:0] col;
  vit_softmax #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .KEYS(KEYS), .SCORE_BITS(SCORE_BITS),
                .NUMERATOR_BITS(NUMERATOR_BITS), .EXP_INDEX_BITS(EXP_INDEX_BITS), .KEY_INDEX_BITS(KEY_INDEX_BITS),
                .SCORE_GROUP_INDEX_BITS(SCORE_GROUP_INDEX_BITS),<% if not .Windowed %> .EARLY(SOFTMAX_EARLY),<% end %>
                .READY_CYCLES(SOFTMAX_READY_CYCLES), .STYLE(SCORE_STYLE)) u_softmax (
    .aclk(aclk), .aresetn(aresetn), .score_valid(score_valid), .score_group(score_group),
    .score_count(score_count), .score_col(score_col),<% if .Windowed %> .score_end(score_end),
    .recip_taken(recip_taken),<% end %> .filled(scored), .mul(scored_mul),
    .shift(scored_shift), .ch(scored_ch), .start(start), .col_valid(valid), .col_group(group),
    .col_last(last), .col(col), .recip(recip), .ready(ready), .done(done)
  );
  /* verilator lint_off UNUSED */
  wire [15:0] number = {{(16-SCORE_GROUP_INDEX_BITS){1'b0}}, group} >> WORD_GROUPS_LOG2;
  wire [15:0] slot = {{(16-SCORE_GROUP_INDEX_BITS){1'b0}}, group} & (WORD_GROUPS[15:0] - 16'd1);
  /* verilator lint_on UNUSED */
  vit_column_packer #(.LANES(VECTOR_LANES), .SLOTS(TK/VECTOR_COLUMNS), .ELEMENT_BITS(NUMERATOR_BITS),
                      .ADDR_BITS(NUMERATOR_ADDR_BITS)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_slot(slot[7:0]), .in_last(last),
    .in_addr(number[NUMERATOR_ADDR_BITS-1:0]), .in_col(col),
    .out_valid(num_we), .out_addr(num_waddr), .out_word(num_wdata)
  );

  // For verification only: what softmaxes produce, in its order. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
<% fields "d_" "drain_desc" %>
  reg  [SCORED_CYCLES*12-1:0] ops;
<%- if .Windowed %>
  reg  [11:0]                 trace_op;
  reg  [11:0]                 next_ops [0:3];
  reg  [1:0]                  scored_slot, started_slot;
  always @(posedge aclk) begin
    ops <= {ops[(SCORED_CYCLES-1)*12-1:0], d_op};
    if (scored) next_ops[scored_slot] <= ops[(SCORED_CYCLES-1)*12 +: 12] + 12'd1;
    if (start)  trace_op <= next_ops[started_slot];
    scored_slot  <= aresetn ? scored_slot + {1'b0, scored} : 2'd0;
    started_slot <= aresetn ? started_slot + {1'b0, start} : 2'd0;
  end
<%- else %>
  reg  [11:0]                 trace_op, next_op;
  always @(posedge aclk) begin
    ops <= {ops[(SCORED_CYCLES-1)*12-1:0], d_op};
    if (scored) next_op  <= ops[(SCORED_CYCLES-1)*12 +: 12] + 12'd1;
    if (start)  trace_op <= next_op;
  end
<%- end %>
  wire                       trace_valid = valid;
  wire [7:0]                 trace_count = last ? SOFTMAX_REST_COLUMNS[7:0] : VECTOR_COLUMNS[7:0];
  wire [VECTOR_LANES*32-1:0] trace_cols;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_trace
      assign trace_cols[g*32 +: 32] = {{(32-NUMERATOR_BITS){1'b0}}, col[g*NUMERATOR_BITS +: NUMERATOR_BITS]};
    end
  endgenerate
  /* verilator lint_on UNUSED */
endmodule
