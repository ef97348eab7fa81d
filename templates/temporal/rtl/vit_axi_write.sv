// Collects the logits of an image, 32 bits each, and writes them as one block with an AXI4
// write master. Bursts are INCR, at most BURST_BEATS beats, never across a 4 KiB boundary, one at a
// time; done comes with the response of the last. Address and data are offered together and each
// is taken when the memory likes: neither waits for the other (AXI4, A3.3.1). halt ends the block with
// the burst under way: what was announced is sent, and its response awaited.
module vit_axi_write #(
  parameter BUS_BITS          = 64,  // [bits] data of the bus
  parameter HOST_ADDR_BITS    = 40,  // [bits] address of the host's memory
  parameter BURST_BEATS       = 16,  // [beats] longest burst: a power of two, at most half a page
  parameter CLASSES           = 10,  // [logits] of an image
  parameter LOGIT_BITS        = 18,  // [bits] logits, signed
  parameter RESULT_BEATS      = 5,   // [beats] of an image's logits
  parameter RESULT_INDEX_BITS = 3    // [bits] number of a beat of the logits
) (
  input  wire                      aclk,
  input  wire                      aresetn,
  input  wire                      halt,
  output wire                      idle,
  // Logits in any order, at most one a cycle.
  input  wire                      logit_valid,
  input  wire [15:0]               logit_index,
  input  wire [LOGIT_BITS-1:0]     logit,
  // One result block.
  input  wire                      first,  // before the first image: start over at base
  /* verilator lint_off UNUSED */
  input  wire [HOST_ADDR_BITS-1:0] base,   // aligned to the bus width
  /* verilator lint_on UNUSED */
  input  wire                      start,  // three cycles after first or more, and not before done
  output reg                       done,
  output reg                       error,  // a response other than OKAY, sticky until first
  output reg  [HOST_ADDR_BITS-1:0] m_axi_awaddr,
  output reg  [7:0]                m_axi_awlen,
  output reg                       m_axi_awvalid,
  input  wire                      m_axi_awready,
  output wire [BUS_BITS-1:0]       m_axi_wdata,
  output reg                       m_axi_wlast,
  output reg                       m_axi_wvalid,
  input  wire                      m_axi_wready,
  input  wire [1:0]                m_axi_bresp,
  input  wire                      m_axi_bvalid,
  output wire                      m_axi_bready
);
  localparam BYTE_INDEX_BITS  = $clog2(BUS_BITS/8);
  localparam BEAT_LOGITS      = BUS_BITS / 32;          // logits of a beat
  localparam BEAT_LOGITS_LOG2 = $clog2(BEAT_LOGITS);
  localparam BURST_INDEX_BITS = $clog2(BURST_BEATS);
  localparam REST             = CLASSES % BEAT_LOGITS;  // logits of the last beat, 0: all

  // One memory a 32-bit lane of the bus, so that a logit is written by itself.
  localparam [31:0] LAST_BEAT = RESULT_BEATS - 1;
  reg  [RESULT_INDEX_BITS-1:0] sent;
  /* verilator lint_off UNUSED */ // where all lanes of all beats are logits
  reg                          at_end;            // sent is the last beat
  /* verilator lint_on UNUSED */
  wire [31:0]                  logit32 = {{(32-LOGIT_BITS){logit[LOGIT_BITS-1]}}, logit};
  genvar g;
  generate
    for (g = 0; g < BEAT_LOGITS; g = g + 1) begin : gen_lane
      (* ram_style = "distributed" *) reg [31:0] kept [0:RESULT_BEATS-1];
      /* verilator lint_off UNSIGNED */
      /* verilator lint_off CMPCONST */
      wire mine = BEAT_LOGITS == 1 || (logit_index & (BEAT_LOGITS - 1)) == g;
      /* verilator lint_on CMPCONST */
      /* verilator lint_on UNSIGNED */
      always @(posedge aclk)
        if (logit_valid && mine) kept[logit_index[BEAT_LOGITS_LOG2 +: RESULT_INDEX_BITS]] <= logit32;
      // Lanes past the last logit are sent as zeros.
      if (REST != 0 && g >= REST) begin : gen_short
        assign m_axi_wdata[g*32 +: 32] = at_end ? 32'd0 : kept[sent];
      end else begin : gen_full
        assign m_axi_wdata[g*32 +: 32] = kept[sent];
      end
    end
  endgenerate

  // The next burst is made ahead: its address, and the beats left with it; a cycle later what page and
  // block allow, BURST_BEATS at most; then the less of both. A burst of one beat takes as long. All lengths
  // are less one.
  localparam BEAT_ADDR_BITS = HOST_ADDR_BITS - BYTE_INDEX_BITS;  // bits of an address in beats
  localparam [15:0] BLOCK = LAST_BEAT[15:0];
  reg  [BEAT_ADDR_BITS-1:0]   addr;
  reg  [15:0]                 left;
  reg  [BURST_INDEX_BITS-1:0] to_page, to_end, len;
  reg                         no_more, final_burst;       // at most BURST_BEATS are left; the burst ends the block
  /* verilator lint_off UNUSED */ // one addition: the lowest bits carry
  wire [BEAT_ADDR_BITS:0]     after = {addr, 1'b1} + {{(BEAT_ADDR_BITS-BURST_INDEX_BITS){1'b0}}, len, 1'b1};
  /* verilator lint_on UNUSED */
  always @(posedge aclk) begin
    to_page     <= &addr[11-BYTE_INDEX_BITS:BURST_INDEX_BITS] ? ~addr[BURST_INDEX_BITS-1:0] : {BURST_INDEX_BITS{1'b1}};
    no_more     <= left[15:BURST_INDEX_BITS] == {(16-BURST_INDEX_BITS){1'b0}};
    to_end      <= left[BURST_INDEX_BITS-1:0];
    len         <= no_more && to_end < to_page ? to_end : to_page;
    final_burst <= no_more && to_end <= to_page;
  end

  localparam [1:0] IDLE = 2'd0, NEXT = 2'd1, SEND = 2'd2;
  reg  [1:0]                  state;
  reg                         last_burst;         // the one that is sent
  reg  [BURST_INDEX_BITS-1:0] in_burst;           // beats to come behind this one
  wire                        begins = !halt && (state == NEXT || (state == IDLE && start));
  wire                        beat   = m_axi_wvalid && m_axi_wready;
  assign m_axi_bready = state == SEND && !m_axi_awvalid && !m_axi_wvalid;
  assign idle         = state == IDLE;

  always @(posedge aclk) begin
    done <= 1'b0;
    if (!aresetn) begin
      state         <= IDLE;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid  <= 1'b0;
      error         <= 1'b0;
    end else begin
      if (first) begin
        addr  <= base[HOST_ADDR_BITS-1:BYTE_INDEX_BITS];
        left  <= BLOCK;
        error <= 1'b0;
      end
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (m_axi_wready && m_axi_wlast) m_axi_wvalid <= 1'b0;
      case (state)
        IDLE: if (begins) state <= SEND;
        NEXT: state <= begins ? SEND : IDLE;
        SEND: if (m_axi_bready && m_axi_bvalid) begin
          error <= error || m_axi_bresp != 2'b00;
          state <= last_burst ? IDLE : NEXT;
          done  <= last_burst && !halt;
        end
        default: state <= IDLE;
      endcase
      if (begins) begin
        m_axi_awvalid <= 1'b1;
        m_axi_awaddr  <= {addr, {BYTE_INDEX_BITS{1'b0}}};
        m_axi_awlen   <= {{(8-BURST_INDEX_BITS){1'b0}}, len};
        m_axi_wvalid  <= 1'b1;
        last_burst    <= final_burst;
        addr          <= after[BEAT_ADDR_BITS:1];
        left          <= final_burst ? BLOCK : left + {{(16-BURST_INDEX_BITS){1'b1}}, ~len};
      end
    end
    // Beats of the block, and of the burst.
    if (state == IDLE) begin
      sent   <= {RESULT_INDEX_BITS{1'b0}};
      at_end <= RESULT_BEATS == 1;
    end else if (beat) begin
      sent   <= sent + {{(RESULT_INDEX_BITS-1){1'b0}}, 1'b1};
      at_end <= sent + {{(RESULT_INDEX_BITS-1){1'b0}}, 1'b1} == LAST_BEAT[RESULT_INDEX_BITS-1:0];
    end
    if (begins) begin
      in_burst    <= len;
      m_axi_wlast <= len == {BURST_INDEX_BITS{1'b0}};
    end else if (beat) begin
      in_burst    <= in_burst - {{(BURST_INDEX_BITS-1){1'b0}}, 1'b1};
      m_axi_wlast <= in_burst == {{(BURST_INDEX_BITS-1){1'b0}}, 1'b1};
    end
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (logit_valid && logit_index >= CLASSES) begin
        $display("%m: a logit past the last");
        $stop;
      end
      if (start && state != IDLE && !halt) begin
        $display("%m: a result begins in another");
        $stop;
      end
      if (m_axi_awvalid && m_axi_awaddr[11:BYTE_INDEX_BITS] + m_axi_awlen >= 4096*8/BUS_BITS) begin
        $display("%m: a burst crosses a page of 4 KiB");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (BUS_BITS < 32 || (BUS_BITS & (BUS_BITS - 1)) != 0) begin : gen_refused_BUS_BITS_is_no_power_of_two_from_32_on
      vit_axi_write_BUS_BITS_is_no_power_of_two_from_32_on u_refused ();
    end
    if (BURST_BEATS < 2 || BURST_BEATS > 256 || (BURST_BEATS & (BURST_BEATS - 1)) != 0)
    begin : gen_refused_BURST_BEATS_is_no_power_of_two_up_to_256
      vit_axi_write_BURST_BEATS_is_no_power_of_two_up_to_256 u_refused ();
    end
    if (BURST_BEATS*BUS_BITS/8 > 2048) begin : gen_refused_BURST_BEATS_is_more_than_half_a_page
      vit_axi_write_BURST_BEATS_is_more_than_half_a_page u_refused ();
    end
    if (RESULT_BEATS*(BUS_BITS/32) < CLASSES) begin : gen_refused_RESULT_BEATS_do_not_hold_CLASSES_logits
      vit_axi_write_RESULT_BEATS_do_not_hold_CLASSES_logits u_refused ();
    end
    if (RESULT_BEATS > (1 << RESULT_INDEX_BITS)) begin : gen_refused_RESULT_BEATS_needs_more_bits_than_RESULT_INDEX_BITS
      vit_axi_write_RESULT_BEATS_needs_more_bits_than_RESULT_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
