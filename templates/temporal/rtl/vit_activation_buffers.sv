// Buffers of operand a: words of TK channels x TM tokens, read latency 2.
//
// X holds LayerNorm's codes and attention's output, Q holds patches, queries and the MLP's hidden codes, so that
// LayerNorm may write one while the matmul that it feeds writes the other. Numerators have a buffer of their own, in
// two halves: one is filled while the other is read.
module vit_activation_buffers #(
<% constants %>
) (
  input  wire                             aclk,
  input  wire                             aresetn,
  // Writers of X and Q; each buffer has one at a time.
  input  wire                             norm_valid,
  /* verilator lint_off UNUSED */ // each buffer takes the address bits that it has
  input  wire [ADDR_BITS-1:0]             norm_addr,
  input  wire [TK*TM*NORM_CODE_BITS-1:0]  norm_word,
<%- if .PoolCodes %>
  input  wire                             pool_valid,
  input  wire [ADDR_BITS-1:0]             pool_addr,
  input  wire [TK*POOL_OUT_BITS-1:0]      pool_word,        // of one row: lane 0 of the first row tile
<%- end %>
  input  wire                             patch_valid,
  input  wire [ADDR_BITS-1:0]             patch_addr,
  input  wire [TK*TM*PIXEL_BITS-1:0]      patch_word,
  input  wire                             code_valid,  // of a matmul
  input  wire [2:0]                       code_to,
  input  wire [ADDR_BITS-1:0]             code_addr,
  input  wire [TK*TM*ACTIVATION_BITS-1:0] code_word,
  // Numerators.
  input  wire                             num_we,
  input  wire [NUMERATOR_ADDR_BITS-1:0]   num_waddr,
  input  wire [TK*TM*NUMERATOR_BITS-1:0]  num_wdata,
  input  wire                             numerators_written, numerators_read,  // all of a softmax: the halves' turn
  // To the array.
  input  wire [ADDR_BITS-1:0]             a_addr,
  /* verilator lint_on UNUSED */
  output wire [TK*TM*ACTIVATION_BITS-1:0] x_rdata, q_rdata,
  output wire [TK*TM*NUMERATOR_BITS-1:0]  num_rdata
);
  /* verilator lint_off UNUSED */
  wire [ADDR_BITS-1:0]             x_waddr, q_waddr;
  /* verilator lint_on UNUSED */
  wire [TK*TM*ACTIVATION_BITS-1:0] x_wdata, q_wdata;
  wire x_we = norm_valid ||<% if .PoolCodes %> pool_valid ||<% end %> (code_valid && code_to == TO_X);
  wire q_we = patch_valid || (code_valid && code_to == TO_Q);
  assign x_waddr = norm_valid ? norm_addr :<% if .PoolCodes %> pool_valid ? pool_addr :<% end %> code_addr;
  assign q_waddr = patch_valid ? patch_addr : code_addr;
  genvar g;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_word
      wire [NORM_CODE_BITS-1:0] normed = norm_word[g*NORM_CODE_BITS +: NORM_CODE_BITS];
      wire [PIXEL_BITS-1:0]     pixel  = patch_word[g*PIXEL_BITS +: PIXEL_BITS];
<%- if .PoolCodes %>
      wire [ACTIVATION_BITS-1:0] other;
      if (g % TM == 0) begin : gen_pooled
        wire [POOL_OUT_BITS-1:0] pooled = pool_word[(g/TM)*POOL_OUT_BITS +: POOL_OUT_BITS];
        assign other = pool_valid
                     ? {{(ACTIVATION_BITS-POOL_OUT_BITS+1){pooled[POOL_OUT_BITS-1]}}, pooled[POOL_OUT_BITS-2:0]}
                     : code_word[g*ACTIVATION_BITS +: ACTIVATION_BITS];
      end else begin : gen_packed
        assign other = code_word[g*ACTIVATION_BITS +: ACTIVATION_BITS];
      end
<%- else %>
      wire [ACTIVATION_BITS-1:0] other = code_word[g*ACTIVATION_BITS +: ACTIVATION_BITS];
<%- end %>
      assign x_wdata[g*ACTIVATION_BITS +: ACTIVATION_BITS] =
          norm_valid ? {{(ACTIVATION_BITS-NORM_CODE_BITS+1){normed[NORM_CODE_BITS-1]}}, normed[NORM_CODE_BITS-2:0]}
                     : other;
      assign q_wdata[g*ACTIVATION_BITS +: ACTIVATION_BITS] =
          patch_valid ? {{(ACTIVATION_BITS-PIXEL_BITS+1){pixel[PIXEL_BITS-1]}}, pixel[PIXEL_BITS-2:0]}
                      : code_word[g*ACTIVATION_BITS +: ACTIVATION_BITS];
    end
  endgenerate
  vit_ram #(.WIDTH(TK*TM*ACTIVATION_BITS), .DEPTH(X_DEPTH), .ADDR_BITS(X_ADDR_BITS), .STYLE(X_STYLE)) u_act_x (
    .aclk(aclk), .we(x_we), .waddr(x_waddr[X_ADDR_BITS-1:0]), .wdata(x_wdata), .raddr(a_addr[X_ADDR_BITS-1:0]),
    .rdata(x_rdata)
  );
  vit_ram #(.WIDTH(TK*TM*ACTIVATION_BITS), .DEPTH(Q_DEPTH), .ADDR_BITS(Q_ADDR_BITS), .STYLE(Q_STYLE)) u_act_q (
    .aclk(aclk), .we(q_we), .waddr(q_waddr[Q_ADDR_BITS-1:0]), .wdata(q_wdata), .raddr(a_addr[Q_ADDR_BITS-1:0]),
    .rdata(q_rdata)
  );
<%- if .Windowed %>

  // Numerators of the row tiles that are at softmax, each in a slot of its own.
  reg [1:0] write_slot, read_slot;
  always @(posedge aclk)
    if (!aresetn) begin
      write_slot <= 2'd0;
      read_slot  <= 2'd0;
    end else begin
      write_slot <= write_slot + {1'b0, numerators_written};
      read_slot  <= read_slot + {1'b0, numerators_read};
    end
  vit_ram #(.WIDTH(TK*TM*NUMERATOR_BITS), .DEPTH(4 << NUMERATOR_ADDR_BITS), .ADDR_BITS(NUMERATOR_ADDR_BITS + 2),
            .STYLE(NUMERATOR_STYLE)) u_num (
    .aclk(aclk), .we(num_we), .waddr({write_slot, num_waddr}), .wdata(num_wdata),
    .raddr({read_slot, a_addr[NUMERATOR_ADDR_BITS-1:0]}), .rdata(num_rdata)
  );
<%- else %>

  reg write_half, read_half;
  always @(posedge aclk)
    if (!aresetn) begin
      write_half <= 1'b0;
      read_half  <= 1'b0;
    end else begin
      write_half <= write_half ^ numerators_written;
      read_half  <= read_half ^ numerators_read;
    end
  vit_ram #(.WIDTH(TK*TM*NUMERATOR_BITS), .DEPTH(2 << NUMERATOR_ADDR_BITS), .ADDR_BITS(NUMERATOR_ADDR_BITS + 1),
            .STYLE(NUMERATOR_STYLE)) u_num (
    .aclk(aclk), .we(num_we), .waddr({write_half, num_waddr}), .wdata(num_wdata),
    .raddr({read_half, a_addr[NUMERATOR_ADDR_BITS-1:0]}), .rdata(num_rdata)
  );
<%- end %>

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (norm_valid && code_valid && code_to == TO_X) begin
        $display("%m: two write X in a cycle");
        $stop;
      end
<%- if .PoolCodes %>
      if (pool_valid && (norm_valid || (code_valid && code_to == TO_X))) begin
        $display("%m: the pool and another write X in a cycle");
        $stop;
      end
<%- end %>
      if (patch_valid && code_valid && code_to == TO_Q) begin
        $display("%m: two write Q in a cycle");
        $stop;
      end
      if (x_we && x_waddr >= X_DEPTH) begin
        $display("%m: a word past the end of X");
        $stop;
      end
      if (q_we && q_waddr >= Q_DEPTH) begin
        $display("%m: a word past the end of Q");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
