// AXI4 read master: fetches `images` images, and the weight stream for each of them, as one sequence
// of beats into a FIFO. The first image comes first. Every other comes in the middle of the stream of
// the image before it, behind STREAM_HEAD beats: image, head, image, tail, head, image, tail ... and
// at last the whole stream. Bursts are INCR, at most BURST beats, never across the end of one of
// these parts or a 4 KiB boundary, and only asked for when the FIFO has room for all of it, so
// RREADY is always high. halt ends the sequence in order: nothing more is asked for, and what was asked
// for is taken and dropped until the bus is idle.
module vit_axi_read #(
  parameter BW           = 64,
  parameter ADDRW        = 40,
  parameter DEPTH        = 64,   // FIFO beats, a power of two
  parameter BURST        = 16,   // beats, a power of two, of at most half a page
  parameter IMAGE_BEATS  = 8,
  parameter STREAM_BEATS = 100,
  parameter STREAM_HEAD  = 50    // of them, those before the next image
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              halt,
  output wire              idle,           // nothing asked for and nothing in the FIFO
  input  wire              start,
  // images and image_base have been as they are for three cycles when start comes.
  input  wire [31:0]       images,
  /* verilator lint_off UNUSED */
  input  wire [ADDRW-1:0]  image_base,     // aligned to the bus width, as stream_base
  input  wire [ADDRW-1:0]  stream_base,
  /* verilator lint_on UNUSED */
  output reg               error,          // a response other than OKAY, sticky until start
  output reg  [ADDRW-1:0]  m_axi_araddr,
  output reg  [7:0]        m_axi_arlen,
  output reg               m_axi_arvalid,
  input  wire              m_axi_arready,
  input  wire [BW-1:0]     m_axi_rdata,
  input  wire [1:0]        m_axi_rresp,
  input  wire              m_axi_rvalid,
  output wire              m_axi_rready,
  output reg               beat_valid,
  output wire [BW-1:0]     beat,
  input  wire              beat_ready
);
  localparam LB = $clog2(BW/8);
  localparam BL = $clog2(BURST);
  localparam FW = $clog2(DEPTH);
  localparam AH = ADDRW - LB;              // bits of an address in beats
  localparam LARGEST = $clog2(IMAGE_BEATS > STREAM_BEATS ? IMAGE_BEATS : STREAM_BEATS);
  localparam PARTW = LARGEST > BL ? LARGEST : BL + 1;

  // The parts in their order. All lengths are less one.
  localparam [1:0] FIRST = 2'd0, HEAD = 2'd1, NEXT = 2'd2, TAIL = 2'd3;
  localparam [PARTW-1:0] OF_IMAGE = IMAGE_BEATS - 1, OF_STREAM = STREAM_BEATS - 1, OF_HEAD = STREAM_HEAD - 1,
                         OF_TAIL = STREAM_BEATS - STREAM_HEAD - 1;
  reg              active;
  reg [1:0]        part;
  reg [31:0]       images_left;            // that have not been begun
  reg              more;                   // than none, a cycle late
  reg [PARTW-1:0]  left;                   // beats of the part
  reg [AH-1:0]     addr, aside;            // aside: where the images, or the stream, go on
  wire [PARTW-1:0] head_beats = more ? OF_HEAD : OF_STREAM; // the last image's stream is not cut

  // The next burst is made ahead: a cycle after its address is there, what page and part allow, BURST at
  // most; then the less of both; then whether the FIFO has room. So bursts are at least four cycles apart.
  reg [BL-1:0]     to_page, to_end, len;
  reg              no_more, ends_part;     // not more than BURST are left; the burst ends the part
  reg [1:0]        made;                   // cycles since the last burst was asked for, up to the length's
  reg              fits;
  reg [FW:0]       room;                   // FIFO places not asked for yet
  wire             ask   = fits && !halt && !m_axi_arvalid;
  wire             pop   = beat_valid && (beat_ready || halt);
  /* verilator lint_off UNUSED */ // one addition each: the lowest bits carry
  wire [AH:0]      after   = {addr, 1'b1} + {{(AH-BL){1'b0}}, len, 1'b1};
  wire [FW+1:0]    room_is = {room, 1'b1} + {{(FW+1-BL){ask}}, {BL{ask}} & ~len, pop};
  /* verilator lint_on UNUSED */
  assign idle = !m_axi_arvalid && room == DEPTH[FW:0];
  always @(posedge aclk) begin
    to_page   <= &addr[11-LB:BL] ? ~addr[BL-1:0] : {BL{1'b1}};
    no_more   <= left[PARTW-1:BL] == {(PARTW-BL){1'b0}};
    to_end    <= left[BL-1:0];
    len       <= no_more && to_end < to_page ? to_end : to_page;
    ends_part <= no_more && to_end <= to_page;
    more      <= images_left != 32'd0;
    fits      <= aresetn && !halt && (active || start) && !ask && made == 2'd0 && room > {{(FW+1-BL){1'b0}}, len};
    if (ask)                made <= 2'd2;
    else if (made != 2'd0)  made <= made - 2'd1;
    if (!aresetn) begin
      active        <= 1'b0;
      made          <= 2'd0;
      m_axi_arvalid <= 1'b0;
      room          <= DEPTH[FW:0];
    end else begin
      if (halt)       active <= 1'b0;
      else if (start) active <= 1'b1;
      if (ask) begin
        addr <= after[AH:1];
        left <= left + {{(PARTW-BL){1'b1}}, ~len};
        if (ends_part) case (part)
          FIRST: begin
            part  <= HEAD;
            left  <= head_beats;
            addr  <= stream_base[ADDRW-1:LB];
            aside <= after[AH:1];
          end
          HEAD: begin
            active      <= more;
            part        <= NEXT;
            images_left <= images_left - 32'd1;
            left        <= OF_IMAGE;
            addr        <= aside;
            aside       <= after[AH:1];
          end
          NEXT: begin
            part  <= TAIL;
            left  <= OF_TAIL;
            addr  <= aside;
            aside <= after[AH:1];
          end
          TAIL: begin
            part <= HEAD;
            left <= head_beats;
            addr <= stream_base[ADDRW-1:LB];
          end
        endcase
      end else if (!active) begin          // the first burst of a run to come
        part        <= FIRST;
        images_left <= images - 32'd1;
        left        <= OF_IMAGE;
        addr        <= image_base[ADDRW-1:LB];
      end
      if (ask)                m_axi_arvalid <= 1'b1;
      else if (m_axi_arready) m_axi_arvalid <= 1'b0;
      if (ask) begin
        m_axi_araddr <= {addr, {LB{1'b0}}};
        m_axi_arlen  <= {{(8-BL){1'b0}}, len};
      end
      room <= room_is[FW+1:1];
    end
  end

  // FIFO. Whether a beat is there is known ahead, from how many there are.
  (* ram_style = "distributed" *) reg [BW-1:0] fifo [0:DEPTH-1];
  reg  [FW-1:0]    head, tail;
  reg  [FW:0]      held;
  assign m_axi_rready = 1'b1;
  assign beat         = fifo[tail];
  always @(posedge aclk) begin
    if (m_axi_rvalid) fifo[head] <= m_axi_rdata;
    if (!aresetn) begin
      head       <= {FW{1'b0}};
      tail       <= {FW{1'b0}};
      held       <= {(FW+1){1'b0}};
      beat_valid <= 1'b0;
    end else begin
      head       <= head + {{(FW-1){1'b0}}, m_axi_rvalid};
      tail       <= tail + {{(FW-1){1'b0}}, pop};
      held       <= held + {{FW{pop && !m_axi_rvalid}}, pop ^ m_axi_rvalid};
      beat_valid <= m_axi_rvalid || |held[FW:1] || (beat_valid && !pop);
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
      if (m_axi_rvalid && held == DEPTH[FW:0]) begin
        $display("%m: a beat comes that the FIFO has no place for");
        $stop;
      end
      if (beat_valid != (held != {(FW+1){1'b0}})) begin
        $display("%m: the flag of the FIFO's beats is not that of their count");
        $stop;
      end
      if (room > DEPTH[FW:0]) begin
        $display("%m: more places are free than the FIFO has");
        $stop;
      end
      if (m_axi_arvalid && m_axi_araddr[11:LB] + m_axi_arlen >= 4096*8/BW) begin
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
    if (BW < 32 || (BW & (BW - 1)) != 0) begin : gen_refused_BW_is_no_power_of_two_from_32_on
      vit_axi_read_BW_is_no_power_of_two_from_32_on u_refused ();
    end
    if (BURST < 2 || BURST > 256 || (BURST & (BURST - 1)) != 0) begin : gen_refused_BURST_is_no_power_of_two_up_to_256
      vit_axi_read_BURST_is_no_power_of_two_up_to_256 u_refused ();
    end
    if (BURST*BW/8 > 2048) begin : gen_refused_BURST_is_more_than_half_a_page
      vit_axi_read_BURST_is_more_than_half_a_page u_refused ();
    end
    if (DEPTH < 2*BURST || (DEPTH & (DEPTH - 1)) != 0)
    begin : gen_refused_DEPTH_is_no_power_of_two_of_two_bursts_or_more
      vit_axi_read_DEPTH_is_no_power_of_two_of_two_bursts_or_more u_refused ();
    end
    if (STREAM_HEAD < 1 || STREAM_HEAD >= STREAM_BEATS) begin : gen_refused_STREAM_HEAD_is_not_within_the_stream
      vit_axi_read_STREAM_HEAD_is_not_within_the_stream u_refused ();
    end
  endgenerate
endmodule
