// Weight buffer: words of TK x TN weights, in one, two or four banks, read latency 2. Weights come at their op's own
// bits and are widened on the way in<% if .GroupBits %>; those in groups are multiplied there<% end %>.
module vit_weight_buffer #(
<% constants %>
) (
  input  wire                         aclk,
  input  wire                         aresetn,  // for assertions
  // Words of the stream.
  input  wire                         weight_we,
  input  wire [1:0]                   weight_bank,
  input  wire [2:0]                   weight_format,  // index of the weights' bits
<%- if .GroupBits %>
  input  wire                         weight_in_group,
  input  wire                         multiplier_we,
<%- end %>
  /* verilator lint_off UNUSED */ // as many bits as it has
  input  wire [STREAM_WORD_BITS-1:0]  word,
  input  wire [15:0]                  word_index,
  // To the array.
  input  wire [ADDR_BITS-1:0]         b_addr,
  /* verilator lint_on UNUSED */
  output wire [TK*TN*WEIGHT_BITS-1:0] w_rdata
);
  wire [TK*TN*WEIGHT_BITS-1:0] weights;
<%- if .GroupBits %>
  wire [TK*TN*STORED_BITS-1:0] stored;
  vit_weight_unpack #(.LANES(TK*TN), .WEIGHT_BITS(STORED_BITS), .STREAM_WORD_BITS(STREAM_WORD_BITS)) u_unpack (
    .format(weight_format), .packed_word(word), .weights(stored)
  );
  vit_group_scale #(.TN(TN), .TK(TK), .STORED_BITS(STORED_BITS), .GROUP_BITS(GROUP_BITS),
                    .WEIGHT_BITS(WEIGHT_BITS)) u_group_scale (
    .aclk(aclk), .multiplier_we(multiplier_we), .multiplier_word(word[TN*4-1:0]),
    .in_group(weight_in_group), .stored(stored), .weights(weights)
  );
<%- else %>
  vit_weight_unpack #(.LANES(TK*TN), .WEIGHT_BITS(WEIGHT_BITS), .STREAM_WORD_BITS(STREAM_WORD_BITS)) u_unpack (
    .format(weight_format), .packed_word(word), .weights(weights)
  );
<%- end %>
<%- if .GroupBits %>
  // Multiplied words are a cycle late.
  reg        write_we;
  reg [1:0]  write_bank;
  reg [15:0] write_index;
  always @(posedge aclk) begin
    write_we    <= aresetn && weight_we;
    write_bank  <= weight_bank;
    write_index <= word_index;
  end
<%- end %>
  /* verilator lint_off UNUSED */
  wire [ADDR_BITS-1:0] w_waddr = <% if .GroupBits %>write_index<% else %>word_index<% end %>[ADDR_BITS-1:0]
                               + (<% if .GroupBits %>write_bank<% else %>weight_bank<% end %>[0] ? WEIGHT_DEPTH[ADDR_BITS-1:0] : {ADDR_BITS{1'b0}})
                               + (<% if .GroupBits %>write_bank<% else %>weight_bank<% end %>[1] ? {WEIGHT_DEPTH[ADDR_BITS-2:0], 1'b0} : {ADDR_BITS{1'b0}});
  /* verilator lint_on UNUSED */
  vit_ram #(.WIDTH(TK*TN*WEIGHT_BITS), .DEPTH(WEIGHT_BANKS*WEIGHT_DEPTH), .ADDR_BITS(WEIGHT_ADDR_BITS),
            .STYLE(WEIGHT_STYLE)) u_weights (
    .aclk(aclk), .we(<% if .GroupBits %>write_we<% else %>weight_we<% end %>), .waddr(w_waddr[WEIGHT_ADDR_BITS-1:0]), .wdata(weights),
    .raddr(b_addr[WEIGHT_ADDR_BITS-1:0]),
    .rdata(w_rdata)
  );

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (weight_we && word_index >= WEIGHT_DEPTH) begin
        $display("%m: a word past the end of a bank of weights");
        $stop;
      end
      if (weight_we && weight_bank >= WEIGHT_BANKS) begin
        $display("%m: weights for a bank that is not there");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
