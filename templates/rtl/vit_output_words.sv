// What leaves the output lanes becomes words of the buffers that it is for: X, Q and K, V, and logits.
module vit_output_words #(
<% constants %>
) (
  input  wire                 aclk,
  input  wire                 aresetn,
  // Groups of VC columns of TM tokens, and where they go: see vit_output_stages.
  /* verilator lint_off UNUSED */ // as many bits as each destination has
  input  wire [VL*YW-1:0]     y_out,
  input  wire [VL*AB-1:0]     code_col,
  input  wire                 out_valid,
  input  wire [2:0]           out_to,
  input  wire [AW-1:0]        out_addr,
  input  wire [7:0]           out_number, out_pass, out_count, buffered_key_bank,
  input  wire [2:0]           buffered_to,
  // X, Q and K: words of TK channels x TM tokens.
  output wire                 packed_we,
  output wire [AW-1:0]        packed_addr,
  output wire [TK*TM*AB-1:0]  packed_word,
  output wire [KBANKS-1:0]    key_we,
  output wire [TK*TM*KB-1:0]  key_wdata,
  // V.
  output wire                 value_we,
<%- if gt .ValueParts 1 %>
  output wire [VC*TM*KB-1:0]  value_wdata,
<%- else %>
  output reg  [VC*TK*KB-1:0]  value_wdata,
<%- end %>
  // Logits.
  output wire                 logit_valid,
  output wire [AW-1:0]        logit_index,
  output reg  [LOGITB-1:0]    logit,
  // For verification only: the op that drains, what its columns are, and scores as they leave the array.
  input  wire                 drained,
  input  wire                 out_gelu,
  input  wire [DESCW-1:0]     drain_desc,
  input  wire [VL*SW-1:0]     score_col
  /* verilator lint_on UNUSED */
);
  wire to_words = out_to == TO_X || out_to == TO_Q || out_to == TO_KEYS;
  vit_column_packer #(.LANES(VL), .TK(TK/VC), .EW(AB), .AW(AW)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(out_valid && to_words), .in_slot(out_number & (GROUPW[7:0] - 8'd1)),
    .in_last(1'b0), .in_addr(out_addr), .in_col(code_col),
    .out_valid(packed_we), .out_addr(packed_addr), .out_word(packed_word)
  );
  genvar g;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_key
      assign key_wdata[g*KB +: KB] = packed_word[g*AB +: KB];
    end
    for (g = 0; g < KBANKS; g = g + 1) begin : gen_key_we
      assign key_we[g] = packed_we && buffered_to == TO_KEYS && buffered_key_bank == g;
    end
  endgenerate

  assign value_we = out_valid && out_to == TO_VALUES;
<%- if gt .ValueParts 1 %>
  // V takes a row tile in one pass.
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_value
      assign value_wdata[g*KB +: KB] = y_out[g*YW +: KB];
    end
  endgenerate
  integer channel;
<%- else %>
  // V: pass p of a group moves tokens p*TK .. p*TK + TK-1 of its channels. A selection pass by pass: an index computed
  // as a product would take a multiplier.
  integer pass, place, channel;
  always @* begin
    value_wdata = {VC*TK*KB{1'b0}};
    for (channel = 0; channel < VC; channel = channel + 1)
      for (place = 0; place < TK; place = place + 1)
        for (pass = 0; pass < TM/TK; pass = pass + 1)
          if (out_pass == pass[7:0])
            value_wdata[(channel*TK + place)*KB +: KB] = y_out[(channel*TM + pass*TK + place)*YW +: KB];
  end
<%- end %>

  // Logits: lane 0 of the head's columns, a column a pass.
  wire to_logits = out_to == TO_LOGITS<% if .SecondHead %> || out_to == TO_SUM<% end %>;
  assign logit_valid = out_valid && to_logits && out_pass < out_count;
  assign logit_index = (out_addr << $clog2(VC)) + {{(AW-8){1'b0}}, out_pass};
  always @* begin
    logit = y_out[LOGITB-1:0];
    for (channel = 1; channel < VC; channel = channel + 1)
      if (out_pass == channel[7:0]) logit = y_out[channel*TM*YW +: LOGITB];
  end

  // For verification only: what matmuls produce, in its order. Nothing reads it, so synthesis removes it.
  /* verilator lint_off UNUSED */
<% fields "d_" "drain_desc" %>
  reg  [BUFFERED*12-1:0] ops;
  reg  [VL*SW-1:0]    scores [0:15], raw;
  reg  [3:0]          scores_at;
  localparam [31:0]   SCORES_BACK = OUT - SCORED;
  wire [3:0]          scores_from = scores_at - SCORES_BACK[3:0]; // a net: in Icarus a wider index wraps to none
  always @(posedge aclk) begin
    ops               <= {ops[(BUFFERED-1)*12-1:0], d_op};
    scores_at         <= aresetn ? scores_at + 4'd1 : 4'd0;
    scores[scores_at] <= score_col;
    raw               <= scores[scores_from];
  end
  wire                trace_valid  = out_valid && out_pass == 8'd0;
  wire [11:0]         trace_op     = ops[(OUT-1)*12 +: 12];
  wire [7:0]          trace_count  = out_count;
  wire                trace_end    = drained;
  wire [11:0]         trace_end_op = ops[(BUFFERED-1)*12 +: 12];
  wire [VL*32-1:0]    trace_cols;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_trace
      assign trace_cols[g*32 +: 32] = out_to == TO_SCORES ? {{(32-SW+1){raw[g*SW + SW-1]}}, raw[g*SW +: SW-1]}
                                    : out_gelu ? {{(32-AB+1){code_col[g*AB + AB-1]}}, code_col[g*AB +: AB-1]}
                                    : {{(32-YW+1){y_out[g*YW + YW-1]}}, y_out[g*YW +: YW-1]};
    end
  endgenerate
  /* verilator lint_on UNUSED */
endmodule
