// Output-stationary PE array: TM tokens x TN output channels, TK products a PE and cycle.
//
//   acc[r][c] = sum over the tile's beats of  sum_k a[r][k] * b[c][k]
//
// A tile is a run of beats from in_first to in_last; the next tile may start in the next cycle.
// out_valid pulses LATENCY cycles after in_last: the first VECTOR_COLUMNS columns of the finished tile are at
// the head. The head is on out_col in the next cycle, and out_shift moves the next columns there.
// The next tile overwrites what is left.
// LATENCY: 4 with TK = 1, 5 with TK > 1 (the products' sum is registered), and EXTRA_CYCLES more: what registers
// between the DSPs that add up products take, or one within a product of LUTs. A simulator, to be fast, has each in one
// step, and operands that wait for so long.
//
// Style: one clocked block over flat arrays, so that simulators keep the PEs contiguous and
// vectorise them, and synthesis maps product, M register and accumulator into one DSP.
//
// With PACK_PRODUCTS = 2 a DSP makes the products of two neighbouring columns, which share their a operand,
// with PACK_PRODUCTS = 4 those of two columns with two rows:
//
//   a * (b1 * 2^PACK_SHIFT + b0) = a*b1 * 2^PACK_SHIFT + a*b0
//   (a1 * 2^PACK_SHIFT + a0) * (b1 * 2^(2*PACK_SHIFT) + b0)
//     = a1*b1 * 2^(3*PACK_SHIFT) + a0*b1 * 2^(2*PACK_SHIFT) + a1*b0 * 2^PACK_SHIFT + a0*b0
//
// PACK_GROUP such products are summed before they are taken apart: as many as a field of PACK_SHIFT bits
// holds for any operands. A field, read as a signed number, is its sum; where it is negative it
// has borrowed from the field above, which gets its sign bit back. With CASCADE synthesis is given DSPs
// that add up a group themselves (vit_packed_cascades), PACK_GROUP + 1 cycles later than LUTs would have.
module vit_pe_array #(
  parameter TM             = 8,     // [tokens] rows of a tile
  parameter TN             = 8,     // [channels] columns of a tile
  parameter TK             = 1,     // [products] that a PE sums in a cycle
  parameter VECTOR_COLUMNS = 1,     // [columns] of a group: those that leave the array in a cycle
  parameter A_BITS         = 8,     // [bits] operand a, signed
  parameter B_BITS         = 8,     // [bits] operand b, signed
  parameter ACC_BITS       = 24,    // [bits] accumulator, signed; holds acc + bias
  parameter PACK_PRODUCTS  = 1,     // [products] of a DSP block: 1, 2 or 4
  parameter PACK_SHIFT     = 18,    // [bits] between two packed products
  parameter PACK_GROUP     = 1,     // [products] packed ones that are summed before they are taken apart: 1, 2 or 4
  parameter EXTRA_CYCLES   = 0,     // [cycles] for registers between DSPs: PACK_GROUP + 1, TK/SUM_STEP - 1 or more
  /* verilator lint_off UNUSED */ // what only synthesis reads
  parameter SUM_STEP       = 0,     // [products] that DSPs sum from register to register of a cascade; 0: LUTs add up
  parameter BOOTH          = 0,     // [0 or 1] products are built of LUTs, whatever synthesis would do
  parameter CASCADE        = 0,     // [0 or 1] packed products are summed in the cascade of DSP48E2s
  parameter USE_DSP        = "yes"  // [text] products are made by DSP blocks: yes or no
  /* verilator lint_on UNUSED */
) (
  input  wire                    aclk,
  input  wire                    aresetn,
  input  wire                    in_valid,
  input  wire                    in_first,
  input  wire                    in_last,
  input  wire [TK*TM*A_BITS-1:0] in_a,  // element (k, r) at k*TM + r
  input  wire [TK*TN*B_BITS-1:0] in_b,  // element (k, c) at k*TN + c
  output wire                    out_valid,
  input  wire                    out_shift,
  output reg  [VECTOR_COLUMNS*TM*ACC_BITS-1:0] out_col  // column v, token r at v*TM + r
);
  localparam PES          = TM * TN;
  localparam PRODUCT_BITS = A_BITS + B_BITS;
  localparam SUM_BITS     = PRODUCT_BITS + $clog2(TK);
  localparam STAGES       = (TK > 1 ? 3 : 2) + EXTRA_CYCLES;  // stages before the accumulator

  reg signed [SUM_BITS-1:0] sm  [0:PES-1];  // (c, r) at c*TM + r, as acc and res
  reg signed [ACC_BITS-1:0] acc [0:PES-1];
  reg signed [ACC_BITS-1:0] res [0:PES-1];

  reg [STAGES-1:0] valid_q, first_q, last_q;
  reg              capture_q, out_valid_q;
  always @(posedge aclk) begin
    if (!aresetn) begin
      valid_q     <= {STAGES{1'b0}};
      last_q      <= {STAGES{1'b0}};
      capture_q   <= 1'b0;
      out_valid_q <= 1'b0;
    end else begin
      valid_q     <= {valid_q[STAGES-2:0], in_valid};
      last_q      <= {last_q[STAGES-2:0], in_valid & in_last};
      capture_q   <= last_q[STAGES-1];
      out_valid_q <= capture_q;
    end
    first_q <= {first_q[STAGES-2:0], in_first};
  end
  assign out_valid = out_valid_q;

  // Operands wait for what is left of EXTRA_CYCLES.
`ifdef SYNTHESIS
  localparam DIGITS = (B_BITS + 1) / 2;                              // of a Booth product's b
  localparam HALVES = BOOTH && EXTRA_CYCLES > 0 && DIGITS > 1 ? 2 : 1;  // cycles that it takes
<%- if .Cascades %>
  localparam BLOCKS = SUM_STEP > 0;
  localparam WAIT   = CASCADE ? EXTRA_CYCLES - PACK_GROUP - 1 : BLOCKS ? EXTRA_CYCLES + 1 - TK / SUM_STEP
                    : EXTRA_CYCLES + 1 - HALVES;
<%- else if eq .YosysFamily "ecp5" %>
  // Yosys packs no registers into the MULT18X18D, so synthesis is given the block by name, with its own for
  // operands and product, where the product is wide enough to go into one at all. A cycle of EXTRA_CYCLES is its third.
  localparam BLOCKS = USE_DSP == "yes" && PRODUCT_BITS >= 9;
  localparam WAIT   = BLOCKS && EXTRA_CYCLES > 0 ? EXTRA_CYCLES - 1 : EXTRA_CYCLES;
<%- else %>
  localparam WAIT   = EXTRA_CYCLES + 1 - HALVES;
<%- end %>
`else
  localparam WAIT = EXTRA_CYCLES;
`endif
  wire [TK*TM*A_BITS-1:0] operand_a;
  wire [TK*TN*B_BITS-1:0] operand_b;
  generate
    if (WAIT == 0) begin : gen_prompt
      assign operand_a = in_a;
      assign operand_b = in_b;
    end else begin : gen_wait
      reg [WAIT*TK*TM*A_BITS-1:0] wait_a;
      reg [WAIT*TK*TN*B_BITS-1:0] wait_b;
      always @(posedge aclk) begin
        /* verilator lint_off WIDTH */ // the oldest leave at the top
        wait_a <= {wait_a, in_a};
        wait_b <= {wait_b, in_b};
        /* verilator lint_on WIDTH */
      end
      assign operand_a = wait_a[(WAIT-1)*TK*TM*A_BITS +: TK*TM*A_BITS];
      assign operand_b = wait_b[(WAIT-1)*TK*TN*B_BITS +: TK*TN*B_BITS];
    end
  endgenerate

  // Blocking assignments on purpose: every array is private to this block and the stages are
  // written last to first, so each reads its source's old value, as registers do. What leaves
  // the block (out_col) is not blocking: others read it at the same clock edge.
  // verilator lint_off BLKSEQ
  // verilator lint_off BLKANDNBLK
  // verilator lint_off WIDTH
  generate
    if (PACK_PRODUCTS == 1) begin : gen_products
      // Operands are kept sign-extended: synthesis merges the copies of the sign bit,
      // simulation is spared an extension at each of TM x TN uses.
      reg signed [ACC_BITS-1:0] ar [0:TK*TM-1];
      reg signed [ACC_BITS-1:0] br [0:TK*TN-1];
<%- if eq .YosysFamily "ecp5" %>
`ifdef SYNTHESIS
      wire signed [PRODUCT_BITS-1:0] pr  [0:TK*PES-1];  // product (k, c, r) at (k*TN + c)*TM + r
      reg  signed [PRODUCT_BITS-1:0] lut [0:TK*PES-1];  // of LUTs
      genvar m;
      for (m = 0; m < TK*PES; m = m + 1) begin : gen_product
        if (BLOCKS) begin : gen_block
          wire signed [17:0] a = $signed(operand_a[(m/PES*TM + m%TM)*A_BITS +: A_BITS]);
          wire signed [17:0] b = $signed(operand_b[m/TM*B_BITS +: B_BITS]);
          wire signed [35:0] whole;
          vit_mult18 #(.PIPELINE(EXTRA_CYCLES > 0 ? 1 : 0)) u_block (.aclk(aclk), .a(a), .b(b), .p(whole));
          assign pr[m] = whole[PRODUCT_BITS-1:0];
        end else begin : gen_luts
          assign pr[m] = lut[m];
        end
      end
`else
      reg signed [PRODUCT_BITS-1:0] pr [0:TK*PES-1];
`endif
<%- else %>
      (* use_dsp = USE_DSP *)
      reg signed [PRODUCT_BITS-1:0] pr [0:TK*PES-1];    // product (k, c, r) at (k*TN + c)*TM + r
<%- end %>
      integer i, r, c, k;
      reg signed [SUM_BITS-1:0]     sum;

`ifdef SYNTHESIS
      // A product of LUTs, radix-4 Booth: the next digit of b, -2..2, times a is added to what is left
      // of the sum, whose two low bits are done. Where the digit is negative its multiple of a is
      // inverted, and a carry into a bit below the sum adds 1. A bit is one LUT6 and one carry cell:
      // a row is written as a difference so that what is left is the carry cell's own input. Rows follow each
      // other, so that where there is a cycle to spare the upper half of them waits for the next.
      localparam ROW_BITS = A_BITS + 2;                                  // bits of a row
      localparam LOWER    = HALVES == 2 ? (DIGITS + 1) / 2 : DIGITS;     // digits of the first cycle
      function signed [ROW_BITS-1:0] booth_row(input signed [A_BITS-1:0] a, input [2:0] digit,
                                               input signed [ROW_BITS-1:0] rest);
        reg signed [ROW_BITS-1:0] multiple;
        /* verilator lint_off UNUSED */    // its lowest bit makes the carry
        reg        [ROW_BITS:0]   row;
        /* verilator lint_on UNUSED */
        begin
          multiple  = digit[1] != digit[0] ? a : digit[2] != digit[1] ? a <<< 1 : 0;
          row       = {rest, digit[2]} - {multiple ^ {ROW_BITS{!digit[2]}}, !digit[2]};
          booth_row = row[ROW_BITS:1];
        end
      endfunction
      reg signed [A_BITS-1:0]   upper_a    [0:TK*TM-1];   // operands of the upper half, a cycle later
      reg signed [B_BITS-1:0]   upper_b    [0:TK*TN-1];
      reg signed [ROW_BITS-1:0] lower_rest [0:TK*PES-1];  // what the lower half has left, and its bits
      reg        [2*LOWER-1:0]  lower_done [0:TK*PES-1];
      reg signed [2*DIGITS:0]   digits;                   // the bits of b, and a 0 below
      reg signed [ROW_BITS-1:0] rest;
      reg        [2*DIGITS-1:0] done;
      integer                   d, at;

      // A tree of adders, each a carry chain. Between its levels the top bit is inverted: signed sums
      // become unsigned ones that are too large by half their range, which two of add up to half of
      // the range of theirs, so that inverting the top bit makes them signed again. It is free in a carry
      // chain's LUTs, and it keeps synthesis from making one compressor tree of all additions,
      // which takes two to three times the LUTs.
      localparam LEVELS = $clog2(TK);
      wire signed [SUM_BITS-1:0] tree [0:PES-1];
      genvar p, l, n;
      for (p = 0; p < (TK > 1<% if .Cascades %> && !BLOCKS<% end %> ? PES : 0); p = p + 1) begin : gen_tree
        for (l = 0; l < LEVELS; l = l + 1) begin : gen_level
          localparam LEVEL_BITS = PRODUCT_BITS + l;  // bits of what is added
          for (n = 0; n < TK >> (l + 1); n = n + 1) begin : gen_add
            wire signed [LEVEL_BITS-1:0] x, y;
            wire signed [LEVEL_BITS:0]   sum;
            if (l == 0) begin : gen_products
              assign x = pr[2*n*PES + p];
              assign y = pr[(2*n + 1)*PES + p];
            end else begin : gen_sums
              assign x = {~gen_level[l-1].gen_add[2*n].sum[LEVEL_BITS-1],
                          gen_level[l-1].gen_add[2*n].sum[LEVEL_BITS-2:0]};
              assign y = {~gen_level[l-1].gen_add[2*n + 1].sum[LEVEL_BITS-1],
                          gen_level[l-1].gen_add[2*n + 1].sum[LEVEL_BITS-2:0]};
            end
            if (l % 2 == 0) begin : gen_signed
              assign sum = x + y;
            end else begin : gen_unsigned
              assign sum = {1'b0, x} + {1'b0, y};
            end
          end
        end
        wire [SUM_BITS-1:0] last = gen_level[LEVELS-1].gen_add[0].sum;
        assign tree[p] = LEVELS % 2 == 0 ? {~last[SUM_BITS-1], last[SUM_BITS-2:0]} : last;
      end
<%- if .Cascades %>

      wire signed [SUM_BITS-1:0] cascade_sum [0:PES-1];
      if (BLOCKS) begin : gen_cascades
        wire [PES*SUM_BITS-1:0] sums;
        vit_product_cascades #(.TM(TM), .TN(TN), .TK(TK), .A_BITS(A_BITS), .B_BITS(B_BITS), .SUM_STEP(SUM_STEP),
                               .SUM_BITS(SUM_BITS)) u_cascades (
          .aclk(aclk), .in_a(operand_a), .in_b(operand_b), .sums(sums)
        );
        for (p = 0; p < PES; p = p + 1) begin : gen_sum
          assign cascade_sum[p] = sums[p*SUM_BITS +: SUM_BITS];
        end
      end
<%- end %>
`endif

      always @(posedge aclk) begin
        for (r = 0; r < VECTOR_COLUMNS*TM; r = r + 1) out_col[r*ACC_BITS +: ACC_BITS] <= res[r];
        if (capture_q)
          for (i = 0; i < PES; i = i + 1) res[i] = acc[i];
        else if (out_shift)
          for (i = 0; i < PES - VECTOR_COLUMNS*TM; i = i + 1) res[i] = res[i + VECTOR_COLUMNS*TM];

        if (valid_q[STAGES-1]) begin
          if (TK > 1)
            for (i = 0; i < PES; i = i + 1)
<%- if .Cascades %>
`ifdef SYNTHESIS
              acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + (BLOCKS ? cascade_sum[i] : sm[i]);
`else
              acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + sm[i];
`endif
<%- else %>
              acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + sm[i];
<%- end %>
          else
            for (i = 0; i < PES; i = i + 1)
              acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + pr[i];
        end

        if (TK > 1)
          for (i = 0; i < PES; i = i + 1) begin
            sum = 0;
            for (k = 0; k < TK; k = k + 1) sum = sum + pr[k*PES + i];
`ifdef SYNTHESIS
            sum = tree[i];
`endif
            sm[i] = sum;
          end

        for (k = 0; k < TK; k = k + 1)
          for (c = 0; c < TN; c = c + 1)
            for (r = 0; r < TM; r = r + 1)
<%- if eq .YosysFamily "ecp5" %>
`ifdef SYNTHESIS
              if (!BLOCKS) lut[(k*TN + c)*TM + r] = ar[k*TM + r] * br[k*TN + c];
`else
              pr[(k*TN + c)*TM + r] = ar[k*TM + r] * br[k*TN + c];
`endif
<%- else %>
`ifdef SYNTHESIS
              if (BOOTH) begin
                at = (k*TN + c)*TM + r;
                if (HALVES == 2) begin
                  digits = $signed({upper_b[k*TN + c], 1'b0});
                  rest   = lower_rest[at];
                  done   = lower_done[at];
                  for (d = LOWER; d < DIGITS; d = d + 1) begin
                    rest           = booth_row(upper_a[k*TM + r], digits[2*d +: 3], rest);
                    done[2*d +: 2] = rest[1:0];
                    rest           = rest >>> 2;
                  end
                  pr[at] = {rest, done};
                end
                digits = $signed({br[k*TN + c], 1'b0});
                rest   = 0;
                for (d = 0; d < LOWER; d = d + 1) begin
                  rest           = booth_row(ar[k*TM + r], digits[2*d +: 3], rest);
                  done[2*d +: 2] = rest[1:0];
                  rest           = rest >>> 2;
                end
                if (HALVES == 2) begin
                  lower_rest[at] = rest;
                  lower_done[at] = done[2*LOWER-1:0];
                end else
                  pr[at] = {rest, done};
              end else
`endif
              pr[(k*TN + c)*TM + r] = ar[k*TM + r] * br[k*TN + c];
`ifdef SYNTHESIS
        for (i = 0; i < TK*TM; i = i + 1) upper_a[i] = ar[i];
        for (i = 0; i < TK*TN; i = i + 1) upper_b[i] = br[i];
`endif
<%- end %>

        for (i = 0; i < TK*TM; i = i + 1) ar[i] = $signed(operand_a[i*A_BITS +: A_BITS]);
        for (i = 0; i < TK*TN; i = i + 1) br[i] = $signed(operand_b[i*B_BITS +: B_BITS]);
      end
    end else begin : gen_packed
      localparam PAIRS               = TN / 2;                               // of columns
      localparam PACK_TOKENS         = PACK_PRODUCTS / 2;                    // rows that share a DSP
      localparam ROWS                = TM / PACK_TOKENS;
      localparam PACKED_A_BITS       = PACK_TOKENS == 1 ? A_BITS : PACK_SHIFT + A_BITS + 1;  // PACK_TOKENS a operands
      localparam PACKED_B_BITS       = PACK_TOKENS*PACK_SHIFT + B_BITS + 1;  // two b operands
      localparam PACKED_PRODUCT_BITS = PACKED_A_BITS + PACKED_B_BITS;        // their products
      // A sum of two of them, for which PACK_TOKENS a operands have PACK_TOKENS - 1 bits to spare. It is no wider than
      // needed on purpose: of additions that cannot overflow whatever their operands, synthesis
      // makes one compressor tree for a whole sum, which takes up to twice the LUTs of carry chains.
      localparam PAIR_SUM_BITS       = PACKED_PRODUCT_BITS - PACK_TOKENS + 1;
      localparam TWO                 = PACK_GROUP > 1 ? 1 : 0;
      localparam FOUR                = PACK_GROUP > 2 ? 1 : 0;
      reg signed [PACKED_A_BITS-1:0] ar [0:TK*ROWS-1];
      reg signed [PACKED_B_BITS-1:0] br [0:TK*PAIRS-1];
      (* use_dsp = USE_DSP *)
      reg signed [PACKED_PRODUCT_BITS-1:0] pr [0:TK*PAIRS*ROWS-1];  // (k, pair, r) at (k*PAIRS + pair)*ROWS + r
      integer i, r, c, k, g, f;
      reg signed [PAIR_SUM_BITS-1:0] sum2 [0:1];
      reg signed [PAIR_SUM_BITS:0]   packed_sum;
      reg signed [PACK_SHIFT-1:0]    field;
      reg                            borrow;
      reg signed [SUM_BITS-1:0]      sum [0:PACK_PRODUCTS-1];  // field f: row f % PACK_TOKENS, column f / PACK_TOKENS

`ifdef SYNTHESIS
      // The cascades' sums, (group, pair, r) at (group*PAIRS + pair)*ROWS + r.
      localparam SUMS = CASCADE ? TK / PACK_GROUP * PAIRS * ROWS : 1;
      wire [SUMS*(PAIR_SUM_BITS+1)-1:0] cascade_sum;
      if (CASCADE) begin : gen_cascades
        vit_packed_cascades #(.TM(TM), .TN(TN), .TK(TK), .A_BITS(A_BITS), .B_BITS(B_BITS), .PACK_TOKENS(PACK_TOKENS),
                            .PACK_SHIFT(PACK_SHIFT), .PACK_GROUP(PACK_GROUP), .SUM_BITS(PAIR_SUM_BITS+1)) u_cascades (
          .aclk(aclk), .in_a(operand_a), .in_b(operand_b), .sums(cascade_sum)
        );
      end
`endif

      always @(posedge aclk) begin
        for (r = 0; r < VECTOR_COLUMNS*TM; r = r + 1) out_col[r*ACC_BITS +: ACC_BITS] <= res[r];
        if (capture_q)
          for (i = 0; i < PES; i = i + 1) res[i] = acc[i];
        else if (out_shift)
          for (i = 0; i < PES - VECTOR_COLUMNS*TM; i = i + 1) res[i] = res[i + VECTOR_COLUMNS*TM];

        if (valid_q[STAGES-1] && TK > 1)
          for (i = 0; i < PES; i = i + 1)
            acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + sm[i];

        for (c = 0; c < PAIRS; c = c + 1)
          for (r = 0; r < ROWS; r = r + 1) begin
            for (f = 0; f < PACK_PRODUCTS; f = f + 1) sum[f] = 0;
            for (g = 0; g < TK; g = g + PACK_GROUP) begin
              for (k = 0; k < PACK_GROUP; k = k + 2)
                sum2[k/2] = pr[((g + k)*PAIRS + c)*ROWS + r] + (TWO ? pr[((g + k + TWO)*PAIRS + c)*ROWS + r] : 0);
              packed_sum = sum2[0] + (FOUR ? sum2[FOUR] : 0);
`ifdef SYNTHESIS
              if (CASCADE) packed_sum = $signed(cascade_sum[CASCADE*((g/PACK_GROUP*PAIRS + c)*ROWS
                  + r)*(PAIR_SUM_BITS+1) +: PAIR_SUM_BITS+1]);
`endif
              borrow = 1'b0;
              for (f = 0; f < PACK_PRODUCTS - 1; f = f + 1) begin
                field  = packed_sum[f*PACK_SHIFT +: PACK_SHIFT];
                sum[f] = sum[f] + field + $signed({1'b0, borrow});
                borrow = field[PACK_SHIFT-1];
              end
              sum[PACK_PRODUCTS-1] = sum[PACK_PRODUCTS-1] + (packed_sum >>> ((PACK_PRODUCTS - 1)*PACK_SHIFT))
                                   + $signed({1'b0, borrow});
            end
            for (f = 0; f < PACK_PRODUCTS; f = f + 1) begin
              i = (2*c + f/PACK_TOKENS)*TM + PACK_TOKENS*r + f%PACK_TOKENS;
              if (TK > 1) sm[i] = sum[f];
              else if (valid_q[STAGES-1]) acc[i] = (first_q[STAGES-1] ? $signed({ACC_BITS{1'b0}}) : acc[i]) + sum[f];
            end
          end

        for (k = 0; k < TK; k = k + 1)
          for (c = 0; c < PAIRS; c = c + 1)
            for (r = 0; r < ROWS; r = r + 1)
              pr[(k*PAIRS + c)*ROWS + r] = ar[k*ROWS + r] * br[k*PAIRS + c];

        for (i = 0; i < TK*ROWS; i = i + 1) begin
          ar[i] = $signed(operand_a[PACK_TOKENS*i*A_BITS +: A_BITS]);
          if (PACK_TOKENS > 1) ar[i] = ar[i]
              + ($signed(operand_a[(PACK_TOKENS*i + PACK_TOKENS - 1)*A_BITS +: A_BITS]) <<< PACK_SHIFT);
        end
        for (i = 0; i < TK*PAIRS; i = i + 1)
          br[i] = ($signed(operand_b[(2*i + 1)*B_BITS +: B_BITS]) <<< (PACK_TOKENS*PACK_SHIFT))
                + $signed(operand_b[2*i*B_BITS +: B_BITS]);
      end
    end
  endgenerate
  // verilator lint_on WIDTH
  // verilator lint_on BLKANDNBLK
  // verilator lint_on BLKSEQ

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (TN % VECTOR_COLUMNS != 0) begin : gen_refused_VECTOR_COLUMNS_does_not_divide_TN
      vit_pe_array_VECTOR_COLUMNS_does_not_divide_TN u_refused ();
    end
    if (PACK_PRODUCTS != 1 && PACK_PRODUCTS != 2 && PACK_PRODUCTS != 4)
    begin : gen_refused_PACK_PRODUCTS_is_not_1_2_or_4
      vit_pe_array_PACK_PRODUCTS_is_not_1_2_or_4 u_refused ();
    end
    if (PACK_PRODUCTS > 1 && TN % 2 != 0) begin : gen_refused_TN_is_odd_where_products_are_packed
      vit_pe_array_TN_is_odd_where_products_are_packed u_refused ();
    end
    if (PACK_PRODUCTS == 4 && TM % 2 != 0) begin : gen_refused_TM_is_odd_where_four_products_are_packed
      vit_pe_array_TM_is_odd_where_four_products_are_packed u_refused ();
    end
    if (PACK_PRODUCTS > 1 && TK % PACK_GROUP != 0) begin : gen_refused_PACK_GROUP_does_not_divide_TK
      vit_pe_array_PACK_GROUP_does_not_divide_TK u_refused ();
    end
    if (CASCADE != 0 && EXTRA_CYCLES < PACK_GROUP + 1) begin : gen_refused_EXTRA_CYCLES_is_less_than_a_cascade
      vit_pe_array_EXTRA_CYCLES_is_less_than_a_cascade u_refused ();
    end
    if (SUM_STEP != 0 && (PACK_PRODUCTS > 1 || TK % (SUM_STEP < 1 ? 1 : SUM_STEP) != 0))
    begin : gen_refused_SUM_STEP_does_not_divide_TK
      vit_pe_array_SUM_STEP_does_not_divide_TK u_refused ();
    end
    if (SUM_STEP != 0 && (EXTRA_CYCLES + 1)*SUM_STEP < TK)
    begin : gen_refused_EXTRA_CYCLES_is_less_than_SUM_STEP_asks_for
      vit_pe_array_EXTRA_CYCLES_is_less_than_SUM_STEP_asks_for u_refused ();
    end
  endgenerate
endmodule
