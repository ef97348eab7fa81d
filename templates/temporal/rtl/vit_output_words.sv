// What leaves the output lanes becomes words of the buffers that it is for: X, Q and K, V, and logits.
module vit_output_words #(
<% constants %>
) (
  input  wire                                     aclk,
  input  wire                                     aresetn,
  // Groups of VECTOR_COLUMNS columns of TM tokens, and where they go: see vit_output_stages.
  /* verilator lint_off UNUSED */ // as many bits as each destination has
  input  wire [VECTOR_LANES*REQUANTIZED_BITS-1:0] y_out,
  input  wire [VECTOR_LANES*ACTIVATION_BITS-1:0]  code_col,
  input  wire                                     out_valid,
  input  wire [2:0]                               out_to,
  input  wire [ADDR_BITS-1:0]                     out_addr,
  input  wire [7:0]                               out_number, out_pass, out_count, buffered_key_bank,
  input  wire [2:0]                               buffered_to,
  // X, Q and K: words of TK channels x TM tokens.
  output wire                                     packed_we,
  output wire [ADDR_BITS-1:0]                     packed_addr,
  output wire [TK*TM*ACTIVATION_BITS-1:0]         packed_word,
  output wire [KEY_BANKS-1:0]                     key_we,
  output wire [TK*TM*QKV_BITS-1:0]                key_wdata,
  // V.
  output wire                                     value_we,
<%- if gt .ValueParts 1 %>
  output wire [VECTOR_COLUMNS*TM*QKV_BITS-1:0]    value_wdata,
<%- else %>
  output reg  [VECTOR_COLUMNS*TK*QKV_BITS-1:0]    value_wdata,
<%- end %>
  // Logits.
  output wire                                     logit_valid,
  output wire [ADDR_BITS-1:0]                     logit_index,
  output reg  [LOGIT_BITS-1:0]                    logit,
  // For verification only: the op that drains, what its columns are, and scores as they leave the array.
  input  wire                                     drained,
  input  wire                                     out_gelu,
  input  wire [DESCRIPTOR_BITS-1:0]               drain_desc,
  input  wire [VECTOR_LANES*SCORE_BITS-1:0]       score_col
  /* verilator lint_on UNUSED */
);
  wire to_words = out_to == TO_X || out_to == TO_Q || out_to == TO_KEYS;
  vit_column_packer #(.LANES(VECTOR_LANES), .SLOTS(TK/VECTOR_COLUMNS), .ELEMENT_BITS(ACTIVATION_BITS),
                      .ADDR_BITS(ADDR_BITS)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(out_valid && to_words), .in_slot(out_number & (WORD_GROUPS[7:0] - 8'd1)),
    .in_last(1'b0), .in_addr(out_addr), .in_col(code_col),
    .out_valid(packed_we), .out_addr(packed_addr), .out_word(packed_word)
  );
  genvar g;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_key
      assign key_wdata[g*QKV_BITS +: QKV_BITS] = packed_word[g*ACTIVATION_BITS +: QKV_BITS];
    end
    for (g = 0; g < KEY_BANKS; g = g + 1) begin : gen_key_we
      assign key_we[g] = packed_we && buffered_to == TO_KEYS && buffered_key_bank == g;
    end
  endgenerate

  assign value_we = out_valid && out_to == TO_VALUES;
<%- if gt .ValueParts 1 %>
  // V takes a row tile in one pass.
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_value
      assign value_wdata[g*QKV_BITS +: QKV_BITS] = y_out[g*REQUANTIZED_BITS +: QKV_BITS];
    end
  endgenerate
  integer channel;
<%- else %>
  // V: pass p of a group moves tokens p*TK .. p*TK + TK-1 of its channels. A selection pass by pass: an index computed
  // as a product would take a multiplier.
  integer pass, place, channel;
  always @* begin
    value_wdata = {VECTOR_COLUMNS*TK*QKV_BITS{1'b0}};
    for (channel = 0; channel < VECTOR_COLUMNS; channel = channel + 1)
      for (place = 0; place < TK; place = place + 1)
        for (pass = 0; pass < TM/TK; pass = pass + 1)
          if (out_pass == pass[7:0])
            value_wdata[(channel*TK + place)*QKV_BITS +: QKV_BITS] =
                y_out[(channel*TM + pass*TK + place)*REQUANTIZED_BITS +: QKV_BITS];
  end
<%- end %>

  // Logits: lane 0 of the head's columns, a column a pass.
  wire to_logits = out_to == TO_LOGITS<% if .SecondHead %> || out_to == TO_SUM<% end %>;
  assign logit_valid = out_valid && to_logits && out_pass < out_count;
  assign logit_index = (out_addr << $clog2(VECTOR_COLUMNS)) + {{(ADDR_BITS-8){1'b0}}, out_pass};
  always @* begin
    logit = y_out[LOGIT_BITS-1:0];
    for (channel = 1; channel < VECTOR_COLUMNS; channel = channel + 1)
      if (out_pass == channel[7:0]) logit = y_out[channel*TM*REQUANTIZED_BITS +: LOGIT_BITS];
  end

  // For verification only: what matmuls produce, in its order. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
<% fields "d_" "drain_desc" %>
  reg  [BUFFERED_CYCLES*12-1:0]      ops;
  reg  [VECTOR_LANES*SCORE_BITS-1:0] scores [0:15], raw;
  reg  [3:0]                         scores_at;
  localparam [31:0]   SCORES_BACK = OUT_CYCLES - SCORED_CYCLES;
  wire [3:0]          scores_from = scores_at - SCORES_BACK[3:0]; // a net: in Icarus a wider index wraps to none
  always @(posedge aclk) begin
    ops               <= {ops[(BUFFERED_CYCLES-1)*12-1:0], d_op};
    scores_at         <= aresetn ? scores_at + 4'd1 : 4'd0;
    scores[scores_at] <= score_col;
    raw               <= scores[scores_from];
  end
  wire                       trace_valid  = out_valid && out_pass == 8'd0;
  wire [11:0]                trace_op     = ops[(OUT_CYCLES-1)*12 +: 12];
  wire [7:0]                 trace_count  = out_count;
  wire                       trace_end    = drained;
  wire [11:0]                trace_end_op = ops[(BUFFERED_CYCLES-1)*12 +: 12];
  wire [VECTOR_LANES*32-1:0] trace_cols;
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_trace
      assign trace_cols[g*32 +: 32] = out_to == TO_SCORES
          ? {{(32-SCORE_BITS+1){raw[g*SCORE_BITS + SCORE_BITS-1]}}, raw[g*SCORE_BITS +: SCORE_BITS-1]}
          : out_gelu ? {{(32-ACTIVATION_BITS+1){code_col[g*ACTIVATION_BITS + ACTIVATION_BITS-1]}},
                        code_col[g*ACTIVATION_BITS +: ACTIVATION_BITS-1]}
          : {{(32-REQUANTIZED_BITS+1){y_out[g*REQUANTIZED_BITS + REQUANTIZED_BITS-1]}},
             y_out[g*REQUANTIZED_BITS +: REQUANTIZED_BITS-1]};
    end
  endgenerate
  /* verilator lint_on UNUSED */
endmodule
