// Chooses both operands of the array, and extends them to its width. They are there two cycles after their address,
// when the op that is fed may have changed.
module vit_operand_select #(
<% constants %>
) (
  input  wire                       aclk,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCW-1:0]           feed_desc,
  /* verilator lint_on UNUSED */
  // Element (k, r) of a's buffers at k*TM + r; of the weights at k*TN + r.
  input  wire [TK*TM*AB-1:0]        x_rdata, q_rdata,
  input  wire [TK*TM*PB-1:0]        num_rdata,
  input  wire [TK*TN*WB-1:0]        w_rdata,
  input  wire [KBANKS*TK*TM*KB-1:0] key_rdata,
  input  wire [TN*TK*KB-1:0]        value_rdata,
  /* verilator lint_off UNUSED */ // where a word of K has more than one
  input  wire [KSEGW-1:0]           key_segment,    // tile column within a word of K
  /* verilator lint_on UNUSED */
  output wire [TK*TM*NA-1:0]        operand_a,
  output wire [TK*TN*NB-1:0]        operand_b
);
<% fields "f_" "feed_desc" %>
  reg  [1:0] a_from1, b_from1, a_from, b_from;
  always @(posedge aclk) begin
    a_from1 <= f_a_from;
    b_from1 <= f_b_from;
    a_from  <= a_from1;
    b_from  <= b_from1;
  end
  genvar g, h;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_a
      wire signed [AB-1:0] act_lane = a_from == FROM_X ? x_rdata[g*AB +: AB] : q_rdata[g*AB +: AB];
      wire        [NA-1:0] from_act = {{(NA-AB+1){act_lane[AB-1]}}, act_lane[AB-2:0]};
      wire        [NA-1:0] from_num = {{(NA-PB){1'b0}}, num_rdata[g*PB +: PB]};
      assign operand_a[g*NA +: NA] = a_from == FROM_X || a_from == FROM_Q ? from_act : from_num;
    end
    for (g = 0; g < TK; g = g + 1) begin : gen_bk
      for (h = 0; h < TN; h = h + 1) begin : gen_b
        wire [WB-1:0] w = w_rdata[(g*TN + h)*WB +: WB];
        wire [KB-1:0] v = value_rdata[(h*TK + g)*KB +: KB];
        reg  [KB-1:0] k;
        if (TN >= TM) begin : gen_whole
          always @* k = key_rdata[((h/TM)*TK*TM + g*TM + h%TM)*KB +: KB];
        end else begin : gen_part // a selection: an index computed as a product would take a multiplier
          integer segment;
          always @* begin
            k = key_rdata[(g*TM + h)*KB +: KB];
            for (segment = 1; segment < KSEG; segment = segment + 1)
              if (key_segment == segment[KSEGW-1:0]) k = key_rdata[(g*TM + segment*TN + h)*KB +: KB];
          end
        end
        wire [KB-1:0] kv = b_from == FROM_KEYS ? k : v;
        assign operand_b[(g*TN + h)*NB +: NB] = b_from == FROM_WEIGHTS
          ? {{(NB-WB+1){w[WB-1]}}, w[WB-2:0]} : {{(NB-KB+1){kv[KB-1]}}, kv[KB-2:0]};
      end
    end
  endgenerate
endmodule
