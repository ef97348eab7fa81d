// vit_axi_write and memories that take address and data in any order that AXI4 allows (A3.3.1):
//   0  both at any time     1  data after their address      2  the address after all data
//   3  address and first beat in one cycle, when both are offered      4  as 3, a cycle after they were
//   5  each of these at random, with pauses on every channel
// IMAGES blocks follow one another from BASE on. Prints PASS, or what is wrong.
module tb #(
  parameter BUS_BITS = 128, CLASSES = 10, RESULT_BEATS = 3, RESULT_INDEX_BITS = 2, KIND = 0, IMAGES = 5,
  parameter [39:0] BASE = 40'h0, parameter SEED = 1
);
  localparam BYTES = BUS_BITS / 8, PER = BUS_BITS / 32, WORDS = IMAGES * RESULT_BEATS * PER;
  reg clk = 1'b0, rstn = 1'b0;
  always #5 clk = !clk;

  wire [39:0]         awaddr;
  wire [7:0]          awlen;
  wire                awvalid, wlast, wvalid, bready, idle, done, err;
  wire [BUS_BITS-1:0] wdata;
  reg                 lv = 1'b0, first = 1'b0, start = 1'b0, bvalid = 1'b0;
  reg  [15:0]         li;
  reg  [17:0]         logit;
  reg                 awready = 1'b0, wready = 1'b0;
  vit_axi_write #(.BUS_BITS(BUS_BITS), .HOST_ADDR_BITS(40), .BURST_BEATS(16), .CLASSES(CLASSES), .LOGIT_BITS(18),
                  .RESULT_BEATS(RESULT_BEATS), .RESULT_INDEX_BITS(RESULT_INDEX_BITS)) u_write (
    .aclk(clk), .aresetn(rstn), .halt(1'b0), .idle(idle), .logit_valid(lv), .logit_index(li), .logit(logit),
    .first(first), .base(BASE), .start(start), .done(done), .error(err),
    .m_axi_awaddr(awaddr), .m_axi_awlen(awlen), .m_axi_awvalid(awvalid), .m_axi_awready(awready),
    .m_axi_wdata(wdata), .m_axi_wlast(wlast), .m_axi_wvalid(wvalid), .m_axi_wready(wready),
    .m_axi_bresp(2'b00), .m_axi_bvalid(bvalid), .m_axi_bready(bready)
  );

  // The memory. READYs are decided in the middle of a cycle, from that cycle's VALIDs.
  integer seed = SEED, kind, i, image, fault = 0, announced = 0, came = 0, waited, bursts = 0, quiet;
  reg whole = 1'b0, were = 1'b0;
  reg [39:0]         at;
  reg [BUS_BITS-1:0] early [0:255];
  reg [31:0]         memory [0:WORDS+63];
  task wrong(input [40*8:1] what); begin
    $display("FAIL kind %0d, time %0t: %0s", KIND, $time, what);
    $finish;
  end endtask
  always @(negedge clk) begin
    awready = rstn && announced == 0 && !bvalid;
    wready  = rstn && !whole && !bvalid;
    if (kind == 1) wready  = wready && announced != 0;
    if (kind == 2) awready = awready && whole;
    if (kind >= 3 && announced == 0) begin
      awready = awready && awvalid && wvalid && (kind == 3 || were);
      wready  = awready;
    end
    if (KIND == 5) begin
      if ($random(seed) % 3 == 0) wready = 1'b0;
      if ($random(seed) % 3 == 0 || (kind >= 3 && !wready)) awready = 1'b0;
      if (kind >= 3 && announced == 0 && !awready) wready = 1'b0;
    end
    were = awvalid && wvalid;
  end
  reg [39:0]       held_addr;
  reg [BUS_BITS:0] held_data;
  reg              aw_waits = 1'b0, w_waits = 1'b0;
  always @(posedge clk) if (rstn) begin
    if (aw_waits && (!awvalid || awaddr != held_addr)) wrong("AW changed before AWREADY");
    if (w_waits && (!wvalid || {wlast, wdata} !== held_data)) wrong("W changed before WREADY");
    aw_waits  <= awvalid && !awready;
    w_waits   <= wvalid && !wready;
    held_addr <= awaddr;
    held_data <= {wlast, wdata};
    if (bvalid && bready) bvalid <= 1'b0;
    if (wvalid && wready) begin
      early[came] = wdata;
      came  = came + 1;
      whole = wlast;
    end
    if (awvalid && awready) begin
      at        = awaddr;
      announced = awlen + 1;
      bursts    = bursts + 1;
      if (awaddr[11:0] + announced * BYTES > 4096) wrong("a burst crosses 4 KiB");
    end
    if (whole && announced != 0) begin
      if (came != announced) wrong("WLAST is not in the last beat");
      for (i = 0; i < came * PER; i = i + 1) begin
        if ((at - BASE) / 4 + i >= WORDS) wrong("a write outside the results");
        memory[(at - BASE) / 4 + i] = early[i / PER][(i % PER)*32 +: 32];
      end
      {came, announced, whole} = 0;
      bvalid <= 1'b1;
      kind = KIND == 5 ? {$random(seed)} % 5 : KIND;
    end
  end

  initial begin
    kind = KIND == 5 ? 3 : KIND;
    for (i = 0; i < WORDS; i = i + 1) memory[i] = 32'hxxxxxxxx;
    repeat (4) @(negedge clk);
    rstn = 1'b1;
    @(negedge clk) first = 1'b1;
    @(negedge clk) first = 1'b0;
    for (image = 0; image < IMAGES; image = image + 1) begin
      for (i = CLASSES - 1; i >= 0; i = i - 1) begin
        li = i; logit = 1000 * image - 3 * i; lv = 1'b1;
        @(negedge clk) lv = 1'b0;
      end
      if (CLASSES < 4) repeat (4) @(negedge clk);
      start = 1'b1;
      @(negedge clk) start = 1'b0;
      for (waited = 0; !done; waited = waited + 1) begin
        if (waited > 40 * RESULT_BEATS + 100) wrong("a block does not end");
        @(negedge clk);
      end
      if (!idle || err || bvalid) wrong("done before the last response");
    end
    for (image = 0; image < IMAGES; image = image + 1)
      for (i = 0; i < RESULT_BEATS * PER; i = i + 1)
        if (memory[image * RESULT_BEATS * PER + i] !== (i < CLASSES ? 1000 * image - 3 * i : 0)) begin
          $display("FAIL kind %0d: word %0d of image %0d is %h", KIND, i, image,
                   memory[image * RESULT_BEATS * PER + i]);
          $finish;
        end
    $display("PASS %0d bursts", bursts);
    $finish;
  end
endmodule
