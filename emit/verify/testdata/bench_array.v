// vit_pe_array against sums of products: tiles of one to six beats, each operand anything that its layer may hold.
module bench;
  integer mutant_id;
  localparam TM = TM_, TN = TN_, TK = TK_, A_BITS = A_BITS_, B_BITS = B_BITS_, ACC_BITS = A_BITS_ + B_BITS_ + 8;
  localparam LEAST = -(1 << (CODE_BITS_ - 1)), MOST = (1 << NUMERATOR_BITS_) - 1 > (1 << (CODE_BITS_ - 1)) - 1 ? (1 << NUMERATOR_BITS_) - 1 : (1 << (CODE_BITS_ - 1)) - 1;
  reg                     aclk = 0, aresetn = 0, valid = 0, first = 0, last = 0, shift = 0;
  reg  [TK*TM*A_BITS-1:0] a;
  reg  [TK*TN*B_BITS-1:0] b;
  wire                    out_valid;
  wire [TM*ACC_BITS-1:0]  col;
  vit_pe_array #(.TM(TM), .TN(TN), .TK(TK), .A_BITS(A_BITS), .B_BITS(B_BITS), .ACC_BITS(ACC_BITS), .PACK_PRODUCTS(PACK_PRODUCTS_), .PACK_SHIFT(PACK_SHIFT_), .PACK_GROUP(PACK_GROUP_),
                 .CASCADE(CASCADE_), .EXTRA_CYCLES(EXTRA_CYCLES_), .BOOTH(BOOTH_), .SUM_STEP(SUM_STEP_)) u (
    .aclk(aclk), .aresetn(aresetn), .in_valid(valid), .in_first(first), .in_last(last), .in_a(a), .in_b(b),
    .out_valid(out_valid), .out_shift(shift), .out_col(col)
  );
  reg signed [ACC_BITS-1:0]       sum [0:TM*TN-1];
  reg        [TM*TN*ACC_BITS-1:0] want [0:7];
  localparam HALF = 1 << (B_BITS - 1);
  integer put, get, head, tile, beats, beat, k, r, c, x, y, left, right;

  // A cycle; what leaves is compared.
  task tick;
    begin
      #1;
      if (head >= 0) begin
        if (col !== want[get%8][head*TM*ACC_BITS +: TM*ACC_BITS]) begin
          $display("tile %0d, column %0d: %h, expected %h", get, head, col, want[get%8][head*TM*ACC_BITS +: TM*ACC_BITS]);
          $finish;
        end
        head = head + 1;
        if (head == TN) begin
          head = -1;
          get  = get + 1;
        end
      end
      if (out_valid && head < 0) head = 0;
      shift = head >= 0;
      #1 aclk = 1; #1 aclk = 0;
    end
  endtask

  task operands;
    begin
      for (k = 0; k < TK*TM; k = k + 1) begin
        x = LEAST + $unsigned($random) % (MOST - LEAST + 1);
        a[k*A_BITS +: A_BITS] = $random % 3 ? x : $random % 2 ? LEAST : MOST;
      end
      for (k = 0; k < TK*TN; k = k + 1) b[k*B_BITS +: B_BITS] = $random % 3 ? $random : $random % 2 ? {1'b1, {(B_BITS-1){1'b0}}} : {1'b0, {(B_BITS-1){1'b1}}};
    end
  endtask

  function integer corner(input integer number);
    corner = number == 0 ? -HALF : number == 1 ? -HALF + 1 : number == 5 ? HALF - 1 : number - 3;
  endfunction

  // A beat, of a tile that it begins or ends, and what its products add to.
  task feed;
    begin
      for (r = 0; r < TM; r = r + 1)
        for (c = 0; c < TN; c = c + 1) begin
          if (first) sum[c*TM + r] = 0;
          for (k = 0; k < TK; k = k + 1) begin
            x = $signed(a[(k*TM + r)*A_BITS +: A_BITS]);
            y = $signed(b[(k*TN + c)*B_BITS +: B_BITS]);
            sum[c*TM + r] = sum[c*TM + r] + x * y;
          end
          want[put%8][(c*TM + r)*ACC_BITS +: ACC_BITS] = sum[c*TM + r];
        end
      if (last) put = put + 1;
    end
  endtask

  // A tile of one beat in which every a of a token, and every b of a column, is the same.
  task same(input integer of_first, of_others, of_left, of_right);
    begin
      for (k = 0; k < TK*TM; k = k + 1) a[k*A_BITS +: A_BITS] = k % TM == 0 ? of_first : of_others;
      for (k = 0; k < TK*TN; k = k + 1) b[k*B_BITS +: B_BITS] = k % TN == 0 ? of_left : of_right;
      valid = 0;
      for (k = 0; k < TN; k = k + 1) tick;
      {valid, first, last} = 3'b111;
      feed;
      tick;
    end
  endtask

  initial begin
    if (!$value$plusargs("mutant=%d", mutant_id)) mutant_id = 0;
    {put, get, head} = {32'd0, 32'd0, -32'd1};
    operands;
    for (tile = 0; tile < 40; tile = tile + 1) tick;
    aresetn = 1;
    {put, get, head} = {32'd0, 32'd0, -32'd1};
    for (tile = 0; tile < 200; tile = tile + 1) begin
      beats = 1 + $unsigned($random) % 6;
      for (beat = beats < TN + 1 ? beats - TN - 1 : 0; beat < beats; beat = beat + 1) begin // the columns before it leave first
        operands;
        valid = beat >= 0;
        first = beat == 0;
        last  = beat == beats - 1;
        if (valid) feed;
        else begin
          first = $random;
          last  = $random;
        end
        tick;
      end
    end
    // Fields of packed products are fullest where operands are at their ends.
    for (tile = LEAST; tile <= MOST; tile = tile + (MOST - LEAST < 40 ? 1 : 29))
      if (BOOTH_)
        for (left = -HALF; left < HALF; left = left + (B_BITS > 8 ? 37 : 1)) same(tile, MOST, left, -1 - left);
      else
        for (left = 0; left < 6; left = left + 1)
          for (right = 0; right < 6; right = right + 1) same(tile, right % 2 ? LEAST : tile, corner(left), corner(right));
    same(MOST, MOST, -HALF, -HALF);
    same(LEAST, LEAST, -HALF, -HALF);
    valid = 0;
    for (tile = 0; tile < 40; tile = tile + 1) tick;
    if (get == put) $display("PASS"); else $display("%0d tiles of %0d came", get, put);
    $finish;
  end
endmodule
