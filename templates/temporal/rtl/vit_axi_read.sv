// AXI4 read master: fetches `images` images, and the weight stream for each of them, as one sequence
// of beats into a FIFO. The first image comes first. Every other comes in the middle of the stream of
// the image before it, behind STREAM_HEAD_BEATS beats: image, head, image, tail, head, image, tail ... and
// at last the whole stream. Bursts are INCR, at most BURST_BEATS beats, never across the end of one of
// these parts or a 4 KiB boundary, and only asked for when the FIFO has room for all of it, so
// RREADY is always high. halt ends the sequence in order: nothing more is asked for, and what was asked
// for is taken and dropped until the bus is idle.
module vit_axi_read #(
  parameter BUS_BITS          = 64,   // [bits] data of the bus
  parameter HOST_ADDR_BITS    = 40,   // [bits] address of the host's memory
  parameter FIFO_BEATS        = 64,   // [beats] that are kept before the loader, a power of two
  parameter BURST_BEATS       = 16,   // [beats] longest burst: a power of two, at most half a page
  parameter IMAGE_BEATS       = 8,    // [beats] of an image
  parameter STREAM_BEATS      = 100,  // [beats] of the read stream, an image
  parameter STREAM_HEAD_BEATS = 50    // [beats] of it before the next image
) (
  input  wire                      aclk,
  input  wire                      aresetn,
  input  wire                      halt,
  output wire                      idle,        // nothing asked for and nothing in the FIFO
  input  wire                      start,
  // images and image_base have been as they are for three cycles when start comes.
  input  wire [31:0]               images,
  /* verilator lint_off UNUSED */
  input  wire [HOST_ADDR_BITS-1:0] image_base,  // aligned to the bus width, as stream_base
  input  wire [HOST_ADDR_BITS-1:0] stream_base,
  /* verilator lint_on UNUSED */
  output reg                       error,       // a response other than OKAY, sticky until start
  output reg  [HOST_ADDR_BITS-1:0] m_axi_araddr,
  output reg  [7:0]                m_axi_arlen,
  output reg                       m_axi_arvalid,
  input  wire                      m_axi_arready,
  input  wire [BUS_BITS-1:0]       m_axi_rdata,
  input  wire [1:0]                m_axi_rresp,
  input  wire                      m_axi_rvalid,
  output wire                      m_axi_rready,
  output reg                       beat_valid,
  output wire [BUS_BITS-1:0]       beat,
  input  wire                      beat_ready
);
  localparam BYTE_INDEX_BITS  = $clog2(BUS_BITS/8);
  localparam BURST_INDEX_BITS = $clog2(BURST_BEATS);
  localparam FIFO_INDEX_BITS  = $clog2(FIFO_BEATS);
  localparam BEAT_ADDR_BITS   = HOST_ADDR_BITS - BYTE_INDEX_BITS;  // bits of an address in beats
  localparam LARGEST          = $clog2(IMAGE_BEATS > STREAM_BEATS ? IMAGE_BEATS : STREAM_BEATS);
  localparam PART_BITS        = LARGEST > BURST_INDEX_BITS ? LARGEST : BURST_INDEX_BITS + 1;

  // The parts in their order. All lengths are less one.
  localparam [1:0] FIRST = 2'd0, HEAD = 2'd1, NEXT = 2'd2, TAIL = 2'd3;
  localparam [PART_BITS-1:0] OF_IMAGE = IMAGE_BEATS - 1, OF_STREAM = STREAM_BEATS - 1, OF_HEAD = STREAM_HEAD_BEATS - 1,
                             OF_TAIL = STREAM_BEATS - STREAM_HEAD_BEATS - 1;
  reg                      active;
  reg [1:0]                part;
  reg [31:0]               images_left;    // that have not been begun
  reg                      more;           // than none, a cycle late
  reg [PART_BITS-1:0]      left;           // beats of the part
  reg [BEAT_ADDR_BITS-1:0] addr, aside;    // aside: where the images, or the stream, go on
  wire [PART_BITS-1:0]     head_beats = more ? OF_HEAD : OF_STREAM; // the last image's stream is not cut

  // The next burst is made ahead: a cycle after its address is there, what page and part allow, BURST_BEATS at
  // most; then the less of both; then whether the FIFO has room. So bursts are at least four cycles apart.
  reg [BURST_INDEX_BITS-1:0] to_page, to_end, len;
  reg                        no_more, ends_part;  // not more than BURST_BEATS are left; the burst ends the part
  reg [1:0]                  made;                // cycles since the last burst was asked for, up to the length's
  reg                        fits;
  reg [FIFO_INDEX_BITS:0]    room;                // FIFO places not asked for yet
  wire                       ask     = fits && !halt && !m_axi_arvalid;
  wire                       pop     = beat_valid && (beat_ready || halt);
  /* verilator lint_off UNUSED */ // one addition each: the lowest bits carry
  wire [BEAT_ADDR_BITS:0]    after   = {addr, 1'b1} + {{(BEAT_ADDR_BITS-BURST_INDEX_BITS){1'b0}}, len, 1'b1};
  wire [FIFO_INDEX_BITS+1:0] room_is = {room, 1'b1} + {{(FIFO_INDEX_BITS+1-BURST_INDEX_BITS){ask}},
                                                       {BURST_INDEX_BITS{ask}} & ~len, pop};
  /* verilator lint_on UNUSED */
  assign idle = !m_axi_arvalid && room == FIFO_BEATS[FIFO_INDEX_BITS:0];
  always @(posedge aclk) begin
    to_page   <= &addr[11-BYTE_INDEX_BITS:BURST_INDEX_BITS] ? ~addr[BURST_INDEX_BITS-1:0] : {BURST_INDEX_BITS{1'b1}};
    no_more   <= left[PART_BITS-1:BURST_INDEX_BITS] == {(PART_BITS-BURST_INDEX_BITS){1'b0}};
    to_end    <= left[BURST_INDEX_BITS-1:0];
    len       <= no_more && to_end < to_page ? to_end : to_page;
    ends_part <= no_more && to_end <= to_page;
    more      <= images_left != 32'd0;
    fits      <= aresetn && !halt && (active || start) && !ask && made == 2'd0
               && room > {{(FIFO_INDEX_BITS+1-BURST_INDEX_BITS){1'b0}}, len};
    if (ask)                made <= 2'd2;
    else if (made != 2'd0)  made <= made - 2'd1;
    if (!aresetn) begin
      active        <= 1'b0;
      made          <= 2'd0;
      m_axi_arvalid <= 1'b0;
      room          <= FIFO_BEATS[FIFO_INDEX_BITS:0];
    end else begin
      if (halt)       active <= 1'b0;
      else if (start) active <= 1'b1;
      if (ask) begin
        addr <= after[BEAT_ADDR_BITS:1];
        left <= left + {{(PART_BITS-BURST_INDEX_BITS){1'b1}}, ~len};
        if (ends_part) case (part)
          FIRST: begin
            part  <= HEAD;
            left  <= head_beats;
            addr  <= stream_base[HOST_ADDR_BITS-1:BYTE_INDEX_BITS];
            aside <= after[BEAT_ADDR_BITS:1];
          end
          HEAD: begin
            active      <= more;
            part        <= NEXT;
            images_left <= images_left - 32'd1;
            left        <= OF_IMAGE;
            addr        <= aside;
            aside       <= after[BEAT_ADDR_BITS:1];
          end
          NEXT: begin
            part  <= TAIL;
            left  <= OF_TAIL;
            addr  <= aside;
            aside <= after[BEAT_ADDR_BITS:1];
          end
          TAIL: begin
            part <= HEAD;
            left <= head_beats;
            addr <= stream_base[HOST_ADDR_BITS-1:BYTE_INDEX_BITS];
          end
        endcase
      end else if (!active) begin                 // the first burst of a run to come
        part        <= FIRST;
        images_left <= images - 32'd1;
        left        <= OF_IMAGE;
        addr        <= image_base[HOST_ADDR_BITS-1:BYTE_INDEX_BITS];
      end
      if (ask)                m_axi_arvalid <= 1'b1;
      else if (m_axi_arready) m_axi_arvalid <= 1'b0;
      if (ask) begin
        m_axi_araddr <= {addr, {BYTE_INDEX_BITS{1'b0}}};
        m_axi_arlen  <= {{(8-BURST_INDEX_BITS){1'b0}}, len};
      end
      room <= room_is[FIFO_INDEX_BITS+1:1];
    end
  end

  // FIFO. Whether a beat is there is known ahead, from how many there are.
  (* ram_style = "distributed" *) reg [BUS_BITS-1:0] fifo [0:FIFO_BEATS-1];
  reg  [FIFO_INDEX_BITS-1:0] head, tail;
  reg  [FIFO_INDEX_BITS:0]   held;
  assign m_axi_rready = 1'b1;
  assign beat         = fifo[tail];
  always @(posedge aclk) begin
    if (m_axi_rvalid) fifo[head] <= m_axi_rdata;
    if (!aresetn) begin
      head       <= {FIFO_INDEX_BITS{1'b0}};
      tail       <= {FIFO_INDEX_BITS{1'b0}};
      held       <= {(FIFO_INDEX_BITS+1){1'b0}};
      beat_valid <= 1'b0;
    end else begin
      head       <= head + {{(FIFO_INDEX_BITS-1){1'b0}}, m_axi_rvalid};
      tail       <= tail + {{(FIFO_INDEX_BITS-1){1'b0}}, pop};
      held       <= held + {{FIFO_INDEX_BITS{pop && !m_axi_rvalid}}, pop ^ m_axi_rvalid};
      beat_valid <= m_axi_rvalid || |held[FIFO_INDEX_BITS:1] || (beat_valid && !pop);
    end
    error <= aresetn && !start && (error || (m_axi_rvalid && m_axi_rresp != 2'b00));
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (m_axi_rvalid && held == FIFO_BEATS[FIFO_INDEX_BITS:0]) begin
        $display("%m: a beat comes that the FIFO has no place for");
        $stop;
      end
      if (beat_valid != (held != {(FIFO_INDEX_BITS+1){1'b0}})) begin
        $display("%m: the flag of the FIFO's beats is not that of their count");
        $stop;
      end
      if (room > FIFO_BEATS[FIFO_INDEX_BITS:0]) begin
        $display("%m: more places are free than the FIFO has");
        $stop;
      end
      if (m_axi_arvalid && m_axi_araddr[11:BYTE_INDEX_BITS] + m_axi_arlen >= 4096*8/BUS_BITS) begin
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
      vit_axi_read_BUS_BITS_is_no_power_of_two_from_32_on u_refused ();
    end
    if (BURST_BEATS < 2 || BURST_BEATS > 256 || (BURST_BEATS & (BURST_BEATS - 1)) != 0)
    begin : gen_refused_BURST_BEATS_is_no_power_of_two_up_to_256
      vit_axi_read_BURST_BEATS_is_no_power_of_two_up_to_256 u_refused ();
    end
    if (BURST_BEATS*BUS_BITS/8 > 2048) begin : gen_refused_BURST_BEATS_is_more_than_half_a_page
      vit_axi_read_BURST_BEATS_is_more_than_half_a_page u_refused ();
    end
    if (FIFO_BEATS < 2*BURST_BEATS || (FIFO_BEATS & (FIFO_BEATS - 1)) != 0)
    begin : gen_refused_FIFO_BEATS_is_no_power_of_two_of_two_bursts_or_more
      vit_axi_read_FIFO_BEATS_is_no_power_of_two_of_two_bursts_or_more u_refused ();
    end
    if (STREAM_HEAD_BEATS < 1 || STREAM_HEAD_BEATS >= STREAM_BEATS)
    begin : gen_refused_STREAM_HEAD_BEATS_is_not_within_the_stream
      vit_axi_read_STREAM_HEAD_BEATS_is_not_within_the_stream u_refused ();
    end
  endgenerate
endmodule
