for (const lanes of document.querySelectorAll(".lanes")) {
  const audio = lanes.parentElement.querySelector("audio");
  const head = lanes.querySelector(".playhead");
  const duration = Number(lanes.dataset.duration);
  const draw = () => {
    head.style.visibility = "visible";
    head.style.left = `${Math.min(100, 100 * audio.currentTime / duration)}%`;
    if (!audio.paused) requestAnimationFrame(draw);
  };
  audio.addEventListener("play", draw);
  audio.addEventListener("seeked", draw);
  lanes.addEventListener("click", (event) => {
    const box = lanes.getBoundingClientRect();
    audio.currentTime = duration * (event.clientX - box.left) / box.width;
    audio.play();
  });
}
