// vit_rsqrt against its formula: sums of rows of any variance, none among them.
module bench;
  integer mutant_id;
  localparam CHANNELS = CHANNELS_, SUM_BITS = SUM_BITS_, SQUARE_SUM_BITS = SQUARE_SUM_BITS_;
  reg                        aclk = 0;
  reg  signed [SUM_BITS-1:0] s1;
  reg  [SQUARE_SUM_BITS-1:0] s2;
  reg  [39:0]                eps;
  reg  signed [5:0]          k17;
  reg  [2:0]                 widen;
  wire [16:0]                r;
`ifdef WINDOWED
  vit_rsqrt #(.CHANNELS(CHANNELS), .MAX_WIDEN(3), .SUM_BITS(SUM_BITS), .SQUARE_SUM_BITS(SQUARE_SUM_BITS)) u (
    .aclk(aclk), .s1(s1), .s2(s2), .eps(eps), .k17(k17), .widen(widen), .r(r)
  );
`else
  vit_rsqrt #(.CHANNELS(CHANNELS), .SUM_BITS(SUM_BITS), .SQUARE_SUM_BITS(SQUARE_SUM_BITS)) u (
    .aclk(aclk), .s1(s1), .s2(s2), .eps(eps), .k17(k17), .r(r)
  );
`endif
  reg  [16:0]         rom [0:255];
  reg  [31:0]         want [0:31];
  reg  [127:0]        d, channels, random;
  reg  signed [127:0] wide, square;
  reg  [47:0]         root;
  integer n, i, e, down;
  initial begin
    if (!$value$plusargs("mutant=%d", mutant_id)) mutant_id = 0;
    $readmemh("rsqrt.mem", rom);
    for (n = 0; n < 200; n = n + 1) begin
      eps   = {8'd0, $random} >> ($unsigned($random) % 32);
      if (n % 3 == 0) eps = {$random, $random};
      eps   = eps | (n % 4 != 0);
      k17   = $random;
      widen = 0;
`ifdef WINDOWED
      widen = $random & 3;
`endif
      channels = CHANNELS << widen;
      for (i = 0; i < 32; i = i + 1) begin
        random = {$random, $random, $random, $random};
        // Of rows whose elements are all m the sums leave eps alone; others have a variance of any size.
        wide   = $signed(random[SUM_BITS-8:0]) >>> ($unsigned($random) % (SUM_BITS - 7));
        if (i % 3 == 0) wide = wide / $signed(channels) * $signed(channels);
        s1     = wide;
        square = wide * wide;
        random = {$random, $random, $random, $random};
        s2     = square / $signed(channels)
               + (i % 3 == 0 ? 0 : 1 + ($unsigned(random[SQUARE_SUM_BITS-9:0]) >> ($unsigned(random[127:96]) % (SQUARE_SUM_BITS - 8))));
        d      = channels * s2 - square + eps;
        for (e = 0; d >> (2*e + 2) != 0; e = e + 1);
        down   = e - k17;
        root   = rom[e < 3 ? d << (6 - 2*e) : d >> (2*e - 6)];
        root   = down > 47 ? 0 : down >= 0 ? root >> down : -down > 20 ? {31'd0, 17'h1ffff} : root << -down;
        want[i] = d == 0 ? 32'hffffffff : root > 17'h1ffff ? 17'h1ffff : root;
        #1 aclk = 1; #1 aclk = 0;
        if (i >= 10 && want[i-10] != 32'hffffffff && r !== want[i-10][16:0]) begin
          $display("row %0d of settings %0d: %0d, expected %0d", i, n, r, want[i-10]);
          $finish;
        end
      end
    end
    $display("PASS");
    $finish;
  end
endmodule
