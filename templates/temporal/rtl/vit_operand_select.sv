// Chooses both operands of the array, and extends them to its width. They are there two cycles after their address,
// when the op that is fed may have changed.
<%- if .Dynamic %>
// Operand a takes TOKEN_CODE_CYCLES more, in which fine codes are shifted by their row's power of two and rounded. A
// code that rounds beyond the largest of the matmul's stays that.
<%- end %>
module vit_operand_select #(
<% constants %>
) (
  input  wire                                aclk,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]          feed_desc,
  /* verilator lint_on UNUSED */
  // Element (k, r) of a's buffers at k*TM + r; of the weights at k*TN + r.
  input  wire [TK*TM*ACTIVATION_BITS-1:0]    x_rdata, q_rdata,
  input  wire [TK*TM*NUMERATOR_BITS-1:0]     num_rdata,
  input  wire [TK*TN*WEIGHT_BITS-1:0]        w_rdata,
  input  wire [KEY_BANKS*TK*TM*QKV_BITS-1:0] key_rdata,
  input  wire [TN*TK*QKV_BITS-1:0]           value_rdata,
  /* verilator lint_off UNUSED */ // where a word of K has more than one
  input  wire [KEY_SEGMENT_INDEX_BITS-1:0]   key_segment,  // tile column within a word of K
  /* verilator lint_on UNUSED */
<%- if .Dynamic %>
  input  wire [TM*POWER_BITS-1:0]            powers,       // of the row tile in x_rdata or q_rdata
<%- end %>
  output wire [TK*TM*A_BITS-1:0]             operand_a,
  output wire [TK*TN*B_BITS-1:0]             operand_b
);
<% fields "f_" "feed_desc" %>
  reg  [1:0] a_from1, b_from1, a_from, b_from;
<%- if .Dynamic %>
  reg  [TOKEN_CODE_CYCLES*2-1:0] b_waits;
  reg  [2*4-1:0]                 bits;
  reg  [CODE_BITS-2:0]           largest;      // code of the matmul, with what is rounded
<%- end %>
  always @(posedge aclk) begin
    a_from1 <= f_a_from;
    b_from1 <= f_b_from;
    a_from  <= a_from1;
<%- if .Dynamic %>
    b_waits <= {b_waits[(TOKEN_CODE_CYCLES-1)*2-1:0], b_from1};
    b_from  <= b_waits[(TOKEN_CODE_CYCLES-1)*2 +: 2];
    bits    <= {bits[3:0], f_code_bits};
    largest <= ~({(CODE_BITS-1){1'b1}} << (bits[4 +: 4] - 4'd1));
  end
<%- else %>
    b_from  <= b_from1;
  end
<%- end %>
  genvar g, h;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_a
      wire signed [ACTIVATION_BITS-1:0] act_lane = a_from == FROM_X ? x_rdata[g*ACTIVATION_BITS +: ACTIVATION_BITS]
                                                 : q_rdata[g*ACTIVATION_BITS +: ACTIVATION_BITS];
<%- if .Dynamic %>
      // The bit below the code is what is rounded; of a power of 0 it is 0.
      /* verilator lint_off UNUSED */ // what no code has
      wire signed [ACTIVATION_BITS:0]   shifted  = $signed({act_lane, 1'b0})
                                                 >>> powers[(g % TM)*POWER_BITS +: POWER_BITS];
      /* verilator lint_on UNUSED */
      wire        [A_BITS-1:0] from_act = {{(A_BITS-CODE_BITS+1){shifted[CODE_BITS]}}, shifted[CODE_BITS-1:1]};
<%- else %>
      wire        [A_BITS-1:0] from_act = {{(A_BITS-ACTIVATION_BITS+1){act_lane[ACTIVATION_BITS-1]}},
                                           act_lane[ACTIVATION_BITS-2:0]};
<%- end %>
      wire        [A_BITS-1:0] from_num = {{(A_BITS-NUMERATOR_BITS){1'b0}},
                                           num_rdata[g*NUMERATOR_BITS +: NUMERATOR_BITS]};
<%- if .Dynamic %>
      reg  [A_BITS-1:0] floor, rounded;
      reg               round;
      wire              most = floor[CODE_BITS-1:0] == {1'b0, largest};
      always @(posedge aclk) begin
        floor   <= a_from == FROM_X || a_from == FROM_Q ? from_act : from_num;
        round   <= (a_from == FROM_X || a_from == FROM_Q) && shifted[0];
        rounded <= floor + {{(A_BITS-1){1'b0}}, round && !most};
      end
      assign operand_a[g*A_BITS +: A_BITS] = rounded;
<%- else %>
      assign operand_a[g*A_BITS +: A_BITS] = a_from == FROM_X || a_from == FROM_Q ? from_act : from_num;
<%- end %>
    end
    for (g = 0; g < TK; g = g + 1) begin : gen_bk
      for (h = 0; h < TN; h = h + 1) begin : gen_b
        wire [WEIGHT_BITS-1:0] w = w_rdata[(g*TN + h)*WEIGHT_BITS +: WEIGHT_BITS];
        wire [QKV_BITS-1:0] v = value_rdata[(h*TK + g)*QKV_BITS +: QKV_BITS];
        reg  [QKV_BITS-1:0] k;
        if (TN >= TM) begin : gen_whole
          always @* k = key_rdata[((h/TM)*TK*TM + g*TM + h%TM)*QKV_BITS +: QKV_BITS];
        end else begin : gen_part // a selection: an index computed as a product would take a multiplier
          integer segment;
          always @* begin
            k = key_rdata[(g*TM + h)*QKV_BITS +: QKV_BITS];
            for (segment = 1; segment < KEY_SEGMENTS; segment = segment + 1)
              if (key_segment == segment[KEY_SEGMENT_INDEX_BITS-1:0])
                k = key_rdata[(g*TM + segment*TN + h)*QKV_BITS +: QKV_BITS];
          end
        end
        wire [QKV_BITS-1:0] kv = b_from == FROM_KEYS ? k : v;
        assign operand_b[(g*TN + h)*B_BITS +: B_BITS] = b_from == FROM_WEIGHTS
            ? {{(B_BITS-WEIGHT_BITS+1){w[WEIGHT_BITS-1]}}, w[WEIGHT_BITS-2:0]}
            : {{(B_BITS-QKV_BITS+1){kv[QKV_BITS-1]}}, kv[QKV_BITS-2:0]};
      end
    end
  endgenerate
endmodule
