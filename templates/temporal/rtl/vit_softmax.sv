// Softmax numerators of a row tile of LANES tokens, VECTOR_COLUMNS columns (key tokens) a cycle:
//
//   v = min(((max - score) * mul + half) >> shift, 2^EXP_INDEX_BITS - 1)
//   e = exp_rom[v] ~ (2^NUMERATOR_BITS - 1) * 2^(-v/2^F)
//   Z = sum of e over the row,  recip = floor(ch / Z)   (the row's only division, 17 bits)
//
// The scores of a row tile stream in and are kept, their maximum with them; `filled` says that
// they are complete. The pass over them starts by itself when the one before is done, while the
// scores of the next row tile<% if .Windowed %>s go into other slots<% else %> go into the other half<% end %> of the buffer. Normalisation is left to the
// requantizer, which multiplies the value product by recip.
<%- if .Windowed %>
// Three row tiles may be at softmax, each in one of four slots: scores, their maximum and settings until their pass
// starts, reciprocals until their value product leaves the array. Passes start as many cycles apart as a division takes, or more.
<%- end %>
// From the pass's start: column group j leaves in cycle 11 + j, the reciprocals are there in cycle
// G + 30 + log2(VECTOR_COLUMNS), of G = KEYS/VECTOR_COLUMNS groups. `done` comes with the last numerator, in cycle
<%- if .Windowed %>
// G + 11, or in cycle 17 if that is later. `ready`
<%- else %>
// G + 11, where the value product takes longer to ask for the reciprocals than they to come (EARLY), else in cycle
// G + 29 + log2(VECTOR_COLUMNS). `ready`
<%- end %> comes in cycle READY_CYCLES, when a value product that starts behind it finds
// each numerator written, and the reciprocals when it asks for them.
module vit_softmax #(
  parameter LANES                  = 8,      // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS         = 1,      // [columns] of a group: those that leave the array in a cycle
  parameter KEYS                   = 17,     // [tokens] that attend to each other: scores of a row
  parameter SCORE_BITS             = 22,     // [bits] scores, signed
  parameter NUMERATOR_BITS         = 8,      // [bits] numerators, unsigned
  parameter EXP_INDEX_BITS         = 9,      // [bits] index of the exponential table
  parameter KEY_INDEX_BITS         = 8,      // [bits] number of a key
  parameter SCORE_GROUP_INDEX_BITS = 8,      // [bits] number of a group of scores
<%- if not .Windowed %>
  parameter EARLY                  = 1,      // [0 or 1] the division goes on beside what follows
<%- end %>
  parameter READY_CYCLES           = 20,     // [cycles] of the pass after which the value product may start
  parameter STYLE                  = "auto"  // [text] ram_style of the scores
) (
  input  wire                              aclk,
  input  wire                              aresetn,
  // Groups of score columns from the array: column v, token r at v*LANES + r.
  input  wire                              score_valid,
  input  wire [SCORE_GROUP_INDEX_BITS-1:0] score_group,
  input  wire [7:0]                        score_count,  // columns in it
  input  wire [VECTOR_COLUMNS*LANES*SCORE_BITS-1:0] score_col,
<%- if .Windowed %>
  input  wire                              score_end,    // the row tile's last
  input  wire                              recip_taken,  // recip may be the next row tile's
<%- end %>
  // The row tile's scores are complete; its settings.
  input  wire                              filled,
  input  wire [15:0]                       mul,
  input  wire [5:0]                        shift,
  /* verilator lint_off UNUSED */ // at most 17 + NUMERATOR_BITS bits
  input  wire [27:0]                       ch,
  /* verilator lint_on UNUSED */
  output wire                              start,        // the pass over a row tile starts
  output wire                              col_valid,
  output wire [SCORE_GROUP_INDEX_BITS-1:0] col_group,
  output wire                              col_last,
  output wire [VECTOR_COLUMNS*LANES*NUMERATOR_BITS-1:0] col,
<%- if .Windowed %>
  output wire [LANES*17-1:0]               recip,        // of the row tile whose value product is next
<%- else %>
  output reg  [LANES*17-1:0]               recip,        // of the row tile that was divided last
<%- end %>
  output reg                               ready,
  output wire                              done
);
  localparam PRODUCT_BITS =               SCORE_BITS + 17;
  localparam SUM_BITS     =               NUMERATOR_BITS + KEY_INDEX_BITS;
  localparam GROUPS       =               (KEYS + VECTOR_COLUMNS - 1) / VECTOR_COLUMNS;
  localparam [31:0]                       GROUPS_1 = GROUPS - 1;
  localparam [SCORE_GROUP_INDEX_BITS-1:0] LAST     = GROUPS_1[SCORE_GROUP_INDEX_BITS-1:0];
  localparam REST         =               KEYS - (GROUPS - 1) * VECTOR_COLUMNS;  // columns of the last group
<%- if .Windowed %>

  // Row tiles wait here from `filled` until the pass before theirs is done. A maximum is there log2(VECTOR_COLUMNS) + 1
  // cycles after its last scores; it is kept in that cycle, and needed three after the start.
  localparam LEVELS = $clog2(VECTOR_COLUMNS);
  localparam HELD   = LEVELS > 2 ? LEVELS - 2 : 0;
  localparam HOLD   = GROUPS < 6 ? 6 - GROUPS : 0;   // from the last numerator to done
  reg  [LEVELS:0] filled_q;                          // filled, 1, 2 .. cycles ago
  reg  [HOLD:0]   ended_q;
  reg  [2:0]      waiting;                           // row tiles
  reg  [1:0]      write_slot, filled_slot, kept_slot, read_slot, divide_slot, recip_slot;
  reg             busy;
  reg  [15:0]     cur_mul;
  reg  [5:0]      cur_shift;
  reg  [NUMERATOR_BITS+16:0] cur_ch, divide_ch;
  (* ram_style = "distributed" *) reg [NUMERATOR_BITS+38:0] settings [0:3];
  reg  [1:0]      start_q;
  reg             ended, divided;
  wire [1:0]      next_slot = read_slot + 2'd1;
  wire            take      = HELD == 0 ? filled : filled_q[HELD == 0 ? 0 : HELD-1];
  wire            keep      = LEVELS == 0 ? filled : filled_q[LEVELS == 0 ? 0 : LEVELS-1];
  wire            take_max  = start_q[1];
  assign          start     = waiting != 3'd0 && !busy;
  assign          done      = HOLD == 0 ? ended : ended_q[HOLD == 0 ? 0 : HOLD-1];
  always @(posedge aclk) begin
    start_q  <= {start_q[0], start};
    filled_q <= aresetn ? filled_q << 1 | {{LEVELS{1'b0}}, filled} : {(LEVELS+1){1'b0}};
    ended_q  <= aresetn ? ended_q << 1 | {{HOLD{1'b0}}, ended} : {(HOLD+1){1'b0}};
    if (!aresetn) begin
      waiting <= 3'd0;
      busy    <= 1'b0;
      {write_slot, filled_slot, kept_slot, divide_slot, recip_slot} <= 10'd0;
      read_slot <= 2'd3;
    end else begin
      waiting <= waiting + {2'd0, take} - {2'd0, start};
      if (start)     busy <= 1'b1;
      else if (done) busy <= 1'b0;
      write_slot  <= write_slot + {1'b0, score_valid && score_end};
      filled_slot <= filled_slot + {1'b0, filled};
      kept_slot   <= kept_slot + {1'b0, keep};
      if (start) read_slot <= next_slot;
      divide_slot <= divide_slot + {1'b0, divided};
      recip_slot  <= recip_slot + {1'b0, recip_taken};
    end
    if (filled) settings[filled_slot] <= {mul, shift, ch[NUMERATOR_BITS+16:0]};
    if (start)  {cur_mul, cur_shift, cur_ch} <= settings[next_slot];
  end
<%- else %>

  // A row tile waits here from `filled` until the pass before it is done. Its maximum is there log2(VECTOR_COLUMNS) + 1
  // cycles after its last scores, and needed four after `filled`.
  localparam LEVELS = $clog2(VECTOR_COLUMNS);
  localparam HELD   = LEVELS > 3 ? LEVELS - 3 : 0;
  localparam SETTLE = LEVELS > 2 ? 2 : LEVELS > 1 ? 1 : 0;  // from the start to when the maximum is taken
  reg  [HELD:0] filled_q;                        // filled, 1, 2 .. cycles ago
  reg         pending, busy;
  reg  [15:0] next_mul, cur_mul;
  reg  [5:0]  next_shift, cur_shift;
  reg  [NUMERATOR_BITS+16:0] next_ch, cur_ch, divide_ch;
  reg  [1:0]  start_q;
  wire        take     = HELD == 0 ? filled : filled_q[HELD == 0 ? 0 : HELD-1];
  wire        take_max = SETTLE == 0 ? start : start_q[SETTLE == 2 ? 1 : 0];
  assign      start = pending && !busy;
  always @(posedge aclk) begin
    start_q  <= {start_q[0], start};
    filled_q <= aresetn ? filled_q << 1 | {{HELD{1'b0}}, filled} : {(HELD+1){1'b0}};
    if (!aresetn) begin
      pending <= 1'b0;
      busy    <= 1'b0;
    end else begin
      pending <= take || (pending && busy);
      if (start)     busy <= 1'b1;
      else if (done) busy <= 1'b0;
    end
    if (filled) begin
      next_mul   <= mul;
      next_shift <= shift;
      next_ch    <= ch[NUMERATOR_BITS+16:0];
    end
    if (start) begin
      cur_mul   <= next_mul;
      cur_shift <= next_shift;
      cur_ch    <= next_ch;
    end
  end
<%- end %>

  // When the value product may start.
<%- if .Windowed %>
  localparam LATE = READY_CYCLES - GROUPS - 11;      // cycles behind the last numerator
  generate
    if (LATE > 0) begin : gen_late
      reg [LATE:0] late;
      always @(posedge aclk) begin
        late  <= aresetn ? late << 1 | {{LATE{1'b0}}, ended} : {(LATE+1){1'b0}};
        ready <= aresetn && (LATE == 1 ? ended : late[LATE == 1 ? 0 : LATE-2]);
      end
    end else begin : gen_early
      localparam [31:0] READY_CYCLES_1 = READY_CYCLES - 1;
      localparam ELAPSED_BITS = $clog2(READY_CYCLES + 1);
      reg [ELAPSED_BITS-1:0] elapsed;
      always @(posedge aclk) begin
        elapsed <= !aresetn ? {ELAPSED_BITS{1'b0}} : start ? {{(ELAPSED_BITS-1){1'b0}}, 1'b1}
                 : elapsed == {ELAPSED_BITS{1'b0}} || ready ? {ELAPSED_BITS{1'b0}}
                 : elapsed + {{(ELAPSED_BITS-1){1'b0}}, 1'b1};
        ready   <= aresetn && elapsed == READY_CYCLES_1[ELAPSED_BITS-1:0];
      end
    end
  endgenerate
<%- else %>
  localparam [31:0] READY_CYCLES_1 = READY_CYCLES - 1;
  localparam ELAPSED_BITS = $clog2(READY_CYCLES + 1);
  reg  [ELAPSED_BITS-1:0] elapsed;
  always @(posedge aclk) begin
    elapsed <= !aresetn ? {ELAPSED_BITS{1'b0}} : start ? {{(ELAPSED_BITS-1){1'b0}}, 1'b1}
             : elapsed == {ELAPSED_BITS{1'b0}} || ready ? {ELAPSED_BITS{1'b0}}
             : elapsed + {{(ELAPSED_BITS-1){1'b0}}, 1'b1};
    ready   <= aresetn && elapsed == READY_CYCLES_1[ELAPSED_BITS-1:0];
  end
<%- end %>

  // Index of the group in each stage; the pass is a plain pipeline without stalls.
  reg                               run<% if not .Windowed %>, write_half, read_half<% end %>;
  reg  [SCORE_GROUP_INDEX_BITS-1:0] index;
  localparam EXP_CYCLES = 10;                    // cycles from an index to its numerators
  reg  [EXP_CYCLES-1:0]                        valid_q;
  reg  [EXP_CYCLES*SCORE_GROUP_INDEX_BITS-1:0] index_q;
  always @(posedge aclk) begin
    if (!aresetn)                    run <= 1'b0;
    else if (start)                  run <= 1'b1;
    else if (index == LAST)          run <= 1'b0;
<%- if not .Windowed %>
    if (!aresetn)                    write_half <= 1'b0;
    else if (filled)                 write_half <= ~write_half;
    if (!aresetn)                    read_half <= 1'b1;
    else if (start)                  read_half <= ~read_half;
<%- end %>
    index   <= start ? {SCORE_GROUP_INDEX_BITS{1'b0}} : index + {{(SCORE_GROUP_INDEX_BITS-1){1'b0}}, run};
    valid_q <= aresetn ? {valid_q[EXP_CYCLES-2:0], run} : {EXP_CYCLES{1'b0}};
    index_q <= {index_q[(EXP_CYCLES-1)*SCORE_GROUP_INDEX_BITS-1:0], index};
  end
  assign col_valid = valid_q[EXP_CYCLES-1];
  assign col_group = index_q[(EXP_CYCLES-1)*SCORE_GROUP_INDEX_BITS +: SCORE_GROUP_INDEX_BITS];
  assign col_last  = col_group == LAST;

  // Scores on their way through the levels of their maximum.
  reg  [LEVELS:0] score_valid_q, score_first_q;
  wire       first_score   = score_group == {SCORE_GROUP_INDEX_BITS{1'b0}};
  wire       score_valid_z = LEVELS == 0 ? score_valid : score_valid_q[LEVELS == 0 ? 0 : LEVELS-1];
  wire       score_first_z = LEVELS == 0 ? first_score : score_first_q[LEVELS == 0 ? 0 : LEVELS-1];
  always @(posedge aclk) begin
    score_valid_q <= score_valid_q << 1 | {{LEVELS{1'b0}}, score_valid};
    score_first_q <= score_first_q << 1 | {{LEVELS{1'b0}}, first_score};
  end

  wire [VECTOR_COLUMNS*LANES*SCORE_BITS-1:0] kept;
<%- if .Windowed %>
  vit_ram #(.WIDTH(VECTOR_COLUMNS*LANES*SCORE_BITS), .DEPTH(4 << SCORE_GROUP_INDEX_BITS),
            .ADDR_BITS(SCORE_GROUP_INDEX_BITS + 2), .STYLE(STYLE)) u_scores (
    .aclk(aclk), .we(score_valid), .waddr({write_slot, score_group}), .wdata(score_col),
    .raddr({read_slot, index}), .rdata(kept)
<%- else %>
  vit_ram #(.WIDTH(VECTOR_COLUMNS*LANES*SCORE_BITS), .DEPTH(2 << SCORE_GROUP_INDEX_BITS),
            .ADDR_BITS(SCORE_GROUP_INDEX_BITS + 1), .STYLE(STYLE)) u_scores (
    .aclk(aclk), .we(score_valid), .waddr({write_half, score_group}), .wdata(score_col),
    .raddr({read_half, index}), .rdata(kept)
<%- end %>
  );

  // Division: 17 restoring steps when the last columns have been added up, the rows side by side.
  reg        divide;
  reg  [4:0] step;
<%- if not .Windowed %>
  reg        ended, divided;
<%- end %>
  // Columns on their way through the sum's levels.
  wire       last_col  = col_valid & col_last;
  wire       first_col = col_group == {SCORE_GROUP_INDEX_BITS{1'b0}};
  reg  [LEVELS:0] last_q, first_q, sum_q;
  wire       last_z  = LEVELS == 0 ? last_col  : last_q[LEVELS == 0 ? 0 : LEVELS-1];
  wire       first_z = LEVELS == 0 ? first_col : first_q[LEVELS == 0 ? 0 : LEVELS-1];
  wire       valid_z = LEVELS == 0 ? col_valid : sum_q[LEVELS == 0 ? 0 : LEVELS-1];
  reg        load_divide;
<%- if not .Windowed %>
  assign     done = EARLY != 0 ? ended : divided;
<%- end %>
  always @(posedge aclk) begin
    last_q      <= aresetn ? last_q << 1 | {{LEVELS{1'b0}}, last_col} : {(LEVELS+1){1'b0}};
    first_q     <= first_q << 1 | {{LEVELS{1'b0}}, first_col};
    sum_q       <= sum_q << 1 | {{LEVELS{1'b0}}, col_valid};
    ended       <= aresetn & last_col;
    load_divide <= aresetn & last_z;
    if (!aresetn)             divide <= 1'b0;
    else if (load_divide)     divide <= 1'b1;
    else if (step == 5'd16)   divide <= 1'b0;
    step <= load_divide ? 5'd0 : step + {4'd0, divide};
    divided <= aresetn & divide & (step == 5'd16);
    if (col_valid && first_col) divide_ch <= cur_ch;
  end

  // Of the pass, settled before its first product: the shift is made in two steps.
  reg  [PRODUCT_BITS-1:0] half;
  always @(posedge aclk) half <= {{(PRODUCT_BITS-1){1'b0}}, 1'b1} << (cur_shift - 6'd1);

  genvar g, h, l;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_token
      // Largest score of the group, level by level, then of the row. Columns past the last token do not count.
      wire signed [SCORE_BITS-1:0] top;
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_level
        wire [(VECTOR_COLUMNS >> l)*SCORE_BITS-1:0] tops;
        if (l == LEVELS) begin : gen_top
          assign top = tops;
        end
        for (h = 0; h < VECTOR_COLUMNS >> l; h = h + 1) begin : gen_larger
          if (l == 0) begin : gen_score
            wire there = h == 0 || score_count > h[7:0];
            assign tops[h*SCORE_BITS +: SCORE_BITS] = there ? score_col[(h*LANES + g)*SCORE_BITS +: SCORE_BITS]
                                                    : {1'b1, {(SCORE_BITS-1){1'b0}}};
          end else begin : gen_pair
            wire signed [SCORE_BITS-1:0] a = gen_level[l-1].tops[2*h*SCORE_BITS +: SCORE_BITS];
            wire signed [SCORE_BITS-1:0] b = gen_level[l-1].tops[(2*h + 1)*SCORE_BITS +: SCORE_BITS];
            reg         [SCORE_BITS-1:0] larger;
            always @(posedge aclk) larger <= a > b ? a : b;
            assign tops[h*SCORE_BITS +: SCORE_BITS] = larger;
          end
        end
      end
      reg  signed [SCORE_BITS-1:0] in_max, max;
<%- if .Windowed %>
      (* ram_style = "distributed" *) reg [SCORE_BITS-1:0] maxes [0:3];
      always @(posedge aclk) begin
        if (score_valid_z && (score_first_z || top > in_max)) in_max <= top;
        if (keep) maxes[kept_slot] <= in_max;
        if (take_max) max <= maxes[read_slot];
      end
<%- else %>
      always @(posedge aclk) begin
        if (score_valid_z && (score_first_z || top > in_max)) in_max <= top;
        if (take_max) max <= in_max;
      end
<%- end %>

      for (h = 0; h < VECTOR_COLUMNS; h = h + 1) begin : gen_lane
        wire signed [SCORE_BITS-1:0] score2 = kept[(h*LANES + g)*SCORE_BITS +: SCORE_BITS];
<%- if .Windowed %>
        // The least score is of tokens that do not meet: the last entry of the table, 0, whatever the scale.
        reg         [5:0]            apart;
        always @(posedge aclk) apart <= {apart[4:0], score2 == {1'b1, {(SCORE_BITS-1){1'b0}}}};
<%- end %>
        wire        [SCORE_BITS-1:0] diff2 = max - score2;  // never negative
        /* verilator lint_off UNUSED */              // neither is the product
        wire        [PRODUCT_BITS:0] prod5;
        /* verilator lint_on UNUSED */
        vit_multiply #(.A_BITS(SCORE_BITS + 1), .B_BITS(17)) u_scale (
          .aclk(aclk), .a({1'b0, diff2}), .b({1'b0, cur_mul}), .p(prod5)
        );
        // Past the index's bits, and those that the second step shifts away, every value is the same.
        localparam FINE_BITS = EXP_INDEX_BITS + 7;
        reg         [PRODUCT_BITS-1:0] rounded6, coarse7;
        reg         [FINE_BITS-1:0]  fine8;
        reg         [EXP_INDEX_BITS-1:0] v9;
        reg         [NUMERATOR_BITS-1:0] e10;
        (* rom_style = "distributed", ram_style = "logic" *)
        reg         [NUMERATOR_BITS-1:0] exp_rom [0:(1<<EXP_INDEX_BITS)-1];
        initial $readmemh("exp.mem", exp_rom);
        always @(posedge aclk) begin
          rounded6 <= prod5[PRODUCT_BITS-1:0] + half;
          coarse7  <= rounded6 >> {cur_shift[5:3], 3'd0};
          fine8    <= |coarse7[PRODUCT_BITS-1:FINE_BITS] ? {FINE_BITS{1'b1}} : coarse7[FINE_BITS-1:0] >> cur_shift[2:0];
          v9       <= |fine8[FINE_BITS-1:EXP_INDEX_BITS]<% if .Windowed %> || apart[5]<% end %>
                    ? {EXP_INDEX_BITS{1'b1}} : fine8[EXP_INDEX_BITS-1:0];
          e10      <= exp_rom[v9];
        end
        // Columns past the last token are zeros.
        assign col[(h*LANES + g)*NUMERATOR_BITS +: NUMERATOR_BITS] =
            h >= REST && col_last ? {NUMERATOR_BITS{1'b0}} : e10;
      end

      // Sum of the group, level by level, then of the row.
      wire [SUM_BITS-1:0] group_z;
      for (l = 0; l <= LEVELS; l = l + 1) begin : gen_sum
        wire [(VECTOR_COLUMNS >> l)*(NUMERATOR_BITS+LEVELS)-1:0] sums;
        if (l == LEVELS) begin : gen_group
          // verilator lint_off WIDTH
          assign group_z = sums;
          // verilator lint_on WIDTH
        end
        for (h = 0; h < VECTOR_COLUMNS >> l; h = h + 1) begin : gen_part
          if (l == 0) begin : gen_column
            assign sums[h*(NUMERATOR_BITS+LEVELS) +: NUMERATOR_BITS+LEVELS] =
                {{LEVELS{1'b0}}, col[(h*LANES + g)*NUMERATOR_BITS +: NUMERATOR_BITS]};
          end else begin : gen_pair
            reg [NUMERATOR_BITS+LEVELS-1:0] sum;
            always @(posedge aclk)
              sum <= gen_sum[l-1].sums[2*h*(NUMERATOR_BITS+LEVELS) +: NUMERATOR_BITS+LEVELS]
                   + gen_sum[l-1].sums[(2*h + 1)*(NUMERATOR_BITS+LEVELS) +: NUMERATOR_BITS+LEVELS];
            assign sums[h*(NUMERATOR_BITS+LEVELS) +: NUMERATOR_BITS+LEVELS] = sum;
          end
        end
      end
      reg  [SUM_BITS-1:0] z;

      // ch / z with z >= 2^NUMERATOR_BITS - 1 and ch < 2^17 * (2^NUMERATOR_BITS - 1): the quotient has 17 bits.
      reg  [SUM_BITS-1:0] divisor, rem;
      reg  [16:0]         quo;        // the dividend's low bits on their way out
      wire [SUM_BITS:0]   next = {rem, quo[16]};
      wire                fits = next >= {1'b0, divisor};
<%- if .Windowed %>
      (* ram_style = "distributed" *) reg [16:0] recips [0:3];
<%- end %>
      /* verilator lint_off UNUSED */ // below the divisor after the step
      wire [SUM_BITS:0]   reduced = next - {1'b0, divisor};
      /* verilator lint_on UNUSED */
      always @(posedge aclk) begin
        if (valid_z) z <= first_z ? group_z : z + group_z;
        if (load_divide) begin
          divisor <= z;
          rem <= {{KEY_INDEX_BITS{1'b0}}, divide_ch[17 +: NUMERATOR_BITS]};
          quo <= divide_ch[16:0];
        end else if (divide) begin
          rem <= fits ? reduced[SUM_BITS-1:0] : next[SUM_BITS-1:0];
          quo <= {quo[15:0], fits};
        end
<%- if .Windowed %>
        if (divided) recips[divide_slot] <= quo;
      end
      assign recip[g*17 +: 17] = recips[recip_slot];
<%- else %>
        if (divided) recip[g*17 +: 17] <= quo;
      end
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
<%- if .Windowed %>
      if (take && waiting == 3'd4) begin
        $display("%m: a row tile's scores come while four wait");
        $stop;
      end
<%- else %>
      if (take && pending && busy) begin
        $display("%m: a row tile's scores come while one waits");
        $stop;
      end
<%- end %>
      if (score_valid && score_group > LAST) begin
        $display("%m: a group of scores past the last");
        $stop;
      end
      if (load_divide && divide) begin
        $display("%m: a division begins in another");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if ((VECTOR_COLUMNS & (VECTOR_COLUMNS - 1)) != 0) begin : gen_refused_VECTOR_COLUMNS_is_no_power_of_two
      vit_softmax_VECTOR_COLUMNS_is_no_power_of_two u_refused ();
    end
    if (GROUPS > (1 << SCORE_GROUP_INDEX_BITS)) begin : gen_refused_KEYS_needs_more_bits_than_SCORE_GROUP_INDEX_BITS
      vit_softmax_KEYS_needs_more_bits_than_SCORE_GROUP_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
