// Buffers of keys and values, operand b of scores and value products, read latency 2.
//
// K: words of TK channels x TM tokens, in KEY_BANKS banks side by side.
// V: TN banks, one an output channel, of words of TK tokens.
<%- if gt .ValueParts 1 %> A word is in VALUE_PARTS parts side by side, each of a
// row tile's TM tokens, and is read whole. A row tile goes into its part and into those behind it, which the row tiles
// to come overwrite: so what a word has past the last row tile is written too, if only with copies; the numerators of
// tokens past the end are zeros.
<%- end %>
module vit_key_value_buffers #(
<% constants %>
) (
  input  wire                                  aclk,
  input  wire                                  aresetn,      // for assertions
  input  wire [KEY_BANKS-1:0]                  key_we,
  /* verilator lint_off UNUSED */ // as many address bits as a buffer has
  input  wire [ADDR_BITS-1:0]                  key_waddr,
  input  wire [TK*TM*QKV_BITS-1:0]             key_wdata,
  input  wire                                  value_we,
  input  wire [ADDR_BITS-1:0]                  value_waddr,
  input  wire [7:0]                            value_group,  // of VECTOR_COLUMNS output channels
<%- if gt .ValueParts 1 %>
  input  wire [7:0]                            value_part,   // of the word
  input  wire [VECTOR_COLUMNS*TM*QKV_BITS-1:0] value_wdata,
<%- else %>
  input  wire [VECTOR_COLUMNS*TK*QKV_BITS-1:0] value_wdata,
<%- end %>
  input  wire [ADDR_BITS-1:0]                  b_addr,
  /* verilator lint_on UNUSED */
  output wire [KEY_BANKS*TK*TM*QKV_BITS-1:0]   key_rdata,
  output wire [TN*TK*QKV_BITS-1:0]             value_rdata
);
  genvar g<% if gt .ValueParts 1 %>, h<% end %>;
  generate
    for (g = 0; g < KEY_BANKS; g = g + 1) begin : gen_keys
      vit_ram #(.WIDTH(TK*TM*QKV_BITS), .DEPTH(KEY_DEPTH), .ADDR_BITS(KEY_ADDR_BITS), .STYLE(KEY_STYLE)) u_keys (
        .aclk(aclk), .we(key_we[g]), .waddr(key_waddr[KEY_ADDR_BITS-1:0]), .wdata(key_wdata),
        .raddr(b_addr[KEY_ADDR_BITS-1:0]), .rdata(key_rdata[g*TK*TM*QKV_BITS +: TK*TM*QKV_BITS])
      );
    end
    for (g = 0; g < TN; g = g + 1) begin : gen_values
<%- if gt .ValueParts 1 %>
      for (h = 0; h < VALUE_PARTS; h = h + 1) begin : gen_parts
        vit_ram #(.WIDTH(TM*QKV_BITS), .DEPTH(VALUE_DEPTH), .ADDR_BITS(VALUE_ADDR_BITS), .STYLE(VALUE_STYLE)) u_values (
          .aclk(aclk), .we(value_we && value_group == g / VECTOR_COLUMNS && value_part <= h),
          .waddr(value_waddr[VALUE_ADDR_BITS-1:0]),
          .wdata(value_wdata[(g % VECTOR_COLUMNS)*TM*QKV_BITS +: TM*QKV_BITS]), .raddr(b_addr[VALUE_ADDR_BITS-1:0]),
          .rdata(value_rdata[(g*TK + h*TM)*QKV_BITS +: TM*QKV_BITS])
        );
      end
<%- else %>
      vit_ram #(.WIDTH(TK*QKV_BITS), .DEPTH(VALUE_DEPTH), .ADDR_BITS(VALUE_ADDR_BITS), .STYLE(VALUE_STYLE)) u_values (
        .aclk(aclk), .we(value_we && value_group == g / VECTOR_COLUMNS), .waddr(value_waddr[VALUE_ADDR_BITS-1:0]),
        .wdata(value_wdata[(g % VECTOR_COLUMNS)*TK*QKV_BITS +: TK*QKV_BITS]), .raddr(b_addr[VALUE_ADDR_BITS-1:0]),
        .rdata(value_rdata[g*TK*QKV_BITS +: TK*QKV_BITS])
      );
<%- end %>
    end
  endgenerate

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (key_we != {KEY_BANKS{1'b0}} && key_waddr >= KEY_DEPTH) begin
        $display("%m: a word past the end of K");
        $stop;
      end
      if (value_we && value_waddr >= VALUE_DEPTH) begin
        $display("%m: a word past the end of V");
        $stop;
      end
      if (value_we && value_group >= TN/VECTOR_COLUMNS) begin
        $display("%m: a group of channels past the last of V");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
